// usage: pnpm measures [--json]    measures the layout of the sources: the table of docs/architecture.md
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from '@swc/core';
import { foundations } from './foundations.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = globSync('{apps,packages}/*/src/**/*.{ts,tsx}', { cwd: root });
const tested = /[.](?:test|fixture|process|preload)[.]tsx?$|\/(?:testing|tests|bench)\//;
const shipped = sources.filter((file) => !tested.test(file) && basename(file) !== 'api-types.ts');
const lengths = shipped.map((file) => readFileSync(join(root, file), 'utf8').split('\n').length - 1);
const sorted = lengths.toSorted((left, right) => left - right);
const entries = Map.groupBy(
  [...globSync('scripts/**/*.{ts,mjs}', { cwd: root, exclude: isInstalled }), ...sources],
  dirname,
);
const [largest] = [...entries].toSorted(([, left], [, right]) => right.length - left.length);

/** Where a reader starts to follow an export: its POST, and the four jobs that lead to a stored resource. */
const starts = [
  'apps/api/src/endpoints/bulk-export/start-export.endpoint.ts',
  'packages/imports/src/export/start/start-export.ts',
  ...['kick-off/kick-off', 'poll/poll-export', 'download/download-file', 'finish/finalize-export'].map(
    (step) => `packages/imports/src/export/${step}.job.ts`,
  ),
  ...['bulk-export', 'download/output-file', 'watermarks/watermark'].map(
    (name) => `packages/imports/src/export/${name}.repository.ts`,
  ),
  'packages/records/src/resources/write/resource.writer.ts',
  'packages/records/src/quarantine/quarantine.repository.ts',
];

/** The measures that docs/architecture.md shows, which a test compares. Those that change with every commit are only printed. */
const layout = {
  'files from a POST of an export to a stored resource, in features': [...reachable()].filter((file) =>
    file.startsWith('packages/'),
  ).length,
  'the same, with foundations': reachable({ withFoundations: true }).size,
  'imports between packages': Object.values(dependencies()).flat().length,
  'floors of packages': floorsOf(dependencies()),
  'files over 400 lines': lengths.filter((lines) => lines > 400).length,
  'functions of 100 lines or more': shipped.flatMap(longFunctionsIn).length,
  'casts to `never`': shipped.reduce((sum, file) => sum + (read(file).match(/\bas never\b/g)?.length ?? 0), 0),
};

if (process.argv.includes('--json')) console.log(JSON.stringify(layout));
else
  console.table({
    'production files': shipped.length,
    'lines of apps, packages and scripts': [...entries.values()]
      .flat()
      .reduce((sum, file) => sum + read(file).split('\n').length - 1, 0),
    'median lines of a file': sorted[Math.floor(sorted.length / 2)],
    'files under 20 lines, %': ((100 * lengths.filter((lines) => lines < 20).length) / lengths.length).toFixed(1),
    'largest folder': `${largest[0]}: ${largest[1].length} files`,
    ...layout,
  });

function read(file) {
  return readFileSync(join(root, file), 'utf8');
}

/** The packages that each package declares. */
function dependencies() {
  const manifests = globSync('packages/*/package.json', { cwd: root }).map((file) => JSON.parse(read(file)));
  return Object.fromEntries(
    manifests.map(({ name, dependencies = {} }) => [
      name,
      Object.keys(dependencies).filter((other) => other.startsWith('@bulkhead/')),
    ]),
  );
}

/** The longest chain of packages, each of which depends on the one before. */
function floorsOf(packages) {
  const floorOf = (name) => 1 + Math.max(0, ...(packages[name] ?? []).map(floorOf));
  return Math.max(...Object.keys(packages).map(floorOf));
}

/** Returns the lengths of long functions, with those of the functions in them only once. */
function longFunctionsIn(file) {
  const text = read(file);
  const bytes = Buffer.from(text);
  const tree = parseSync(text, { syntax: 'typescript', tsx: file.endsWith('.tsx') });
  const start = tree.span.start;
  const found = [];
  const visit = (node) => {
    if (typeof node !== 'object' || node === null) return;
    const isFunction =
      /^(?:Function(?:Declaration|Expression)|ArrowFunctionExpression|(?:Class|Private)?Method(?:Property)?)$/;
    if (isFunction.test(node.type)) {
      const { span = node.function?.span } = node;
      const lines = span
        ? bytes
            .subarray(span.start - start, span.end - start)
            .toString()
            .split('\n').length
        : 0;
      if (lines >= 100) found.push(lines);
    }
    for (const part of Object.values(node)) visit(part);
  };
  visit(tree);
  return found;
}

/** Returns the files whose values `starts` import, directly and indirectly, without foundations, HTTP and types. */
function reachable({ withFoundations = false } = {}) {
  const visited = new Set();
  const follow = (file) => {
    if (visited.has(file)) return;
    visited.add(file);
    for (const { names, from } of bindings(file, 'import'))
      for (const name of names) {
        const target = resolve({ file, name, from, withFoundations });
        if (target) follow(target);
      }
  };
  for (const start of starts) follow(start);
  return visited;
}

/** Returns what a file imports from others or re-exports: the names, without those of types. */
function bindings(file, keyword) {
  const statement = new RegExp(`^${keyword} (?!type )\\{([^}]*)\\} from '([^']+)';`, 'gm');
  return [...readFileSync(join(root, file), 'utf8').matchAll(statement)].map(([, list, from]) => ({
    from,
    names: list.split(',').flatMap((name) => (/^\s*(?:type )|^\s*$/.test(name) ? [] : [name.trim().split(' ')[0]])),
  }));
}

/** Returns the file that defines an imported name, if it is a file to follow. */
function resolve({ file, name, from, withFoundations }) {
  if (from.startsWith('.')) {
    const target = join(dirname(file), from);
    return /^packages\/|^apps\/api\/src\/endpoints\/bulk-export\//.test(target) ? target : undefined;
  }
  const [, feature, entry = ''] = /^@bulkhead\/([\w-]+)(\/\w+)?$/.exec(from) ?? [];
  if (feature === undefined || (foundations.includes(feature) && !withFoundations)) return undefined;
  const manifest = JSON.parse(readFileSync(join(root, `packages/${feature}/package.json`), 'utf8'));
  const exporting = join(`packages/${feature}`, manifest.exports[`.${entry}`]);
  if (basename(exporting) !== 'index.ts') return exporting;
  const exported = bindings(exporting, 'export').find(({ names }) => names.includes(name));
  return exported && join(dirname(exporting), exported.from);
}

function isInstalled(path) {
  return /(?:^|\/)(?:node_modules|dist)$/.test(path);
}
