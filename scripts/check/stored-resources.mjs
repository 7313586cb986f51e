// usage: node scripts/check/stored-resources.mjs [root]
// Checks that no code of the stored resources reads a list of them at once, because one resource can have 16 MB: `toArray()` is only for
// queries whose projection, written in the call, leaves `resource` out. Contents are read one by one (`ReplyLimit.read`). Exit 1 if one is not.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from '@swc/core';

const root = process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url));
/** Projections with a name, which have no content. */
const namedProjections = ['erasableFields', 'comparedFields'];

const files = globSync('packages/records/src/resources/**/*.ts', { cwd: root }).filter(
  (file) => !/\.test\.ts$|\/testing\//.test(file),
);
let lists = 0;
const faults = files.flatMap((file) => {
  const found = [];
  visit(parseSync(readFileSync(join(root, file), 'utf8'), { syntax: 'typescript' }), (node) => {
    if (nameOf(node) === 'fromAsync') found.push('Array.fromAsync');
    if (nameOf(node) !== 'toArray') return;
    lists += 1;
    if (!leavesContentOut(node)) found.push('toArray');
  });
  return found.map((name) => `${file}: ${name}() of a query that can return whole resources`);
});
for (const fault of faults) console.error(fault);
console.log(`${files.length} files, ${lists} lists, ${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);

/** The name of the method that a call names. */
function nameOf({ type, callee }) {
  return type === 'CallExpression' && callee.type === 'MemberExpression' ? callee.property.value : undefined;
}

function leavesContentOut(call) {
  let query = call;
  while (query?.type === 'CallExpression' && nameOf(query) !== 'find') query = query.callee.object;
  const members = (query?.arguments ?? []).flatMap(({ expression }) => membersOf(expression));
  const projections = members.filter(({ name, value }) => name === 'projection' && value !== undefined);
  return projections.some(({ value }) =>
    value.type === 'Identifier'
      ? namedProjections.includes(value.value)
      : value.type === 'ObjectExpression' && membersOf(value).every(({ name }) => name !== 'resource'),
  );
}

function membersOf({ type, properties = [] }) {
  if (type !== 'ObjectExpression') return [];
  return properties.map((property) => ({ name: property.key?.value ?? property.value, value: property.value }));
}

function visit(node, onNode) {
  if (node === null || typeof node !== 'object') return;
  if (typeof node.type === 'string') onNode(node);
  for (const child of Object.values(node)) visit(child, onNode);
}
