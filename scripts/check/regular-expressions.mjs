// usage: node scripts/check/regular-expressions.mjs
// Checks that every regular expression of shipped code takes linear time (recheck,
// https://makenowjust-labs.github.io/recheck/). Otherwise a text from outside could stop a process for minutes. Exit 1
// if one does not, or if recheck cannot decide.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from '@swc/core';
import { checkSync } from 'recheck';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** No limits of time, so that a busy machine does not change the result. The numbers of steps are limited. */
const limits = { timeout: null, attackTimeout: null, incubationTimeout: null };
/**
 * Files that build an expression at run time, so there is no literal to analyse, each with the reason why it is linear.
 */
const builtExpressions = {
  'packages/ehr/src/client/bulk-data/negotiate-kick-off.ts': 'a fixed word between two lookarounds',
  'packages/connections/src/steps/redeem-authorization.job.ts':
    "the operator's own expression, for an id of at most 64 characters",
};

const files = globSync('{apps,packages}/*/src/**/*.{ts,tsx}', { cwd: root }).filter(
  (file) =>
    !/\.test\.tsx?$|\/testing\/|\/(guide|fixtures|bench)\/|^apps\/ehr-simulator\/|^packages\/(testing|embedded)\//.test(
      file,
    ),
);
const faults = files.flatMap((file) => expressionsIn(file).flatMap((expression) => faultOf(file, expression)));
for (const fault of faults) console.error(fault);
console.log(`${files.length} files, ${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);

function expressionsIn(file) {
  const source = readFileSync(join(root, file), 'utf8');
  const tree = parseSync(source, { syntax: 'typescript', tsx: file.endsWith('x') });
  const found = [];
  visit(tree, (node) => {
    if (node.type === 'RegExpLiteral') found.push({ pattern: node.pattern, flags: node.flags });
    const isBuilt =
      (node.type === 'NewExpression' || node.type === 'CallExpression') && node.callee?.value === 'RegExp';
    if (isBuilt) found.push({ isBuilt });
  });
  return found;
}

function visit(node, onNode) {
  if (node === null || typeof node !== 'object') return;
  if (typeof node.type === 'string') onNode(node);
  for (const child of Object.values(node)) visit(child, onNode);
}

function faultOf(file, { pattern, flags, isBuilt }) {
  if (isBuilt) return file in builtExpressions ? [] : [`${file}: builds an expression that is not in builtExpressions`];
  const { status, complexity, attack } = checkSync(pattern, flags, limits);
  if (status === 'safe') return [];
  const found =
    status === 'vulnerable'
      ? `takes ${complexity.summary} time, for example for ${attack.pattern}`
      : 'cannot be decided';
  return [`${file}: /${pattern}/${flags} ${found}`];
}
