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
  ...['bulk-export', 'output-file', 'watermarks/watermark'].map(
    (name) => `packages/imports/src/export/${name}.repository.ts`,
  ),
  'packages/records/src/resources/write/resource.writer.ts',
  'packages/records/src/quarantine/quarantine.repository.ts',
];

const edges = importsOfFiles();
const circles = foldersInCircles(edges);

/** The measures that docs/architecture.md shows, which a test compares. Those that change with every commit are only printed. */
const layout = {
  'files from a POST of an export to a stored resource, in features': [...reachable()].filter((file) =>
    file.startsWith('packages/'),
  ).length,
  'the same, with foundations': reachable({ withFoundations: true }).size,
  'of these, files that enqueue a job': [...reachable()].filter((file) =>
    /\bproducer\.(?:enqueue|enqueueAgain|addFlow|ensure|upsert\w*)\(/.test(read(file)),
  ).length,
  'folders in circles, inside packages': circles.filter((folder) => folder.startsWith('packages/')).length,
  'folders in circles, inside apps': circles.filter((folder) => folder.startsWith('apps/')).length,
  'arrows between subjects': new Set(
    edges
      .filter((files) => files.every((file) => file.startsWith('packages/')))
      .map((files) => files.map(subjectOf))
      .filter(([from, to]) => from !== to)
      .map(String),
  ).size,
  'imports between packages': Object.values(dependencies()).flat().length,
  'floors of packages': floorsOf(dependencies()),
  'files over 400 lines': lengths.filter((lines) => lines > 400).length,
  'functions of 100 lines or more': shipped.flatMap(longFunctionsIn).length,
  'casts to `never`': shipped.reduce((sum, file) => sum + (read(file).match(/\bas never\b/g)?.length ?? 0), 0),
};

if (process.argv.includes('--json')) console.log(JSON.stringify(layout));
else {
  console.table({
    'production files': shipped.length,
    'lines of apps, packages and scripts': [...entries.values()]
      .flat()
      .filter((file) => basename(file) !== 'api-types.ts')
      .reduce((sum, file) => sum + read(file).split('\n').length - 1, 0),
    'median lines of a file': sorted[Math.floor(sorted.length / 2)],
    'files under 20 lines, %': ((100 * lengths.filter((lines) => lines < 20).length) / lengths.length).toFixed(1),
    'files of at most 40 lines': lengths.filter((lines) => lines <= 40).length,
    'lines that import, %': (
      (100 * shipped.reduce((sum, file) => sum + importLines(file), 0)) /
      lengths.reduce((sum, lines) => sum + lines, 0)
    ).toFixed(1),
    'largest folder': `${largest[0]}: ${largest[1].length} files`,
    ...layout,
  });
  console.log(`Folders in circles:\n${circles.map((folder) => `  ${folder}`).join('\n')}`);
}

function importLines(file) {
  return [...read(file).matchAll(/^import [^;]*;$/gm)].reduce((sum, [text]) => sum + text.split('\n').length, 0);
}

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
      for (const { there: name } of names) {
        const target = resolve({ file, name, from, withFoundations });
        if (target) follow(target);
      }
  };
  for (const start of starts) follow(start);
  return visited;
}

/** Returns what a file imports from others or re-exports, without types: each name there, and the name here. */
function bindings(file, keyword) {
  const statement = new RegExp(`^${keyword} (?!type )\\{([^}]*)\\} from '([^']+)';`, 'gm');
  return [...read(file).matchAll(statement)].map(([, list, from]) => ({
    from,
    names: list.split(',').flatMap((name) => {
      const [there, here = there] = name.trim().split(' as ');
      return /^type /.test(there) || there === '' ? [] : [{ there, here }];
    }),
  }));
}

/** Returns the file that defines an imported name, if it is a file to follow. */
function resolve({ file, name, from, withFoundations }) {
  const target = targetOf({ file, from });
  if (target === undefined) return undefined;
  const [, feature] = /^packages\/([\w-]+)\//.exec(target) ?? [];
  if (feature === 'http') return undefined;
  const isFoundation = feature !== undefined && foundations.includes(feature);
  if (isFoundation && !withFoundations) return undefined;
  if (feature === undefined && !target.startsWith('apps/api/src/endpoints/bulk-export/')) return undefined;
  return definitionOf(target, name);
}

/** Returns the file that an import names. Undefined for a package of others. */
function targetOf({ file, from }) {
  if (from.startsWith('.')) return join(dirname(file), from);
  const [, feature, entry = ''] = /^@bulkhead\/([\w-]+)(\/.+)?$/.exec(from) ?? [];
  if (feature === undefined) return undefined;
  const exported = JSON.parse(read(`packages/${feature}/package.json`)).exports[`.${entry}`];
  const path = typeof exported === 'string' ? exported : exported?.['@bulkhead/source'];
  return path && join('packages', feature, path);
}

/** Follows what a file passes on, through any number of files, to where a name is defined. */
function definitionOf(file, name) {
  for (const { names, from } of bindings(file, 'export')) {
    const passed = names.find(({ here }) => here === name);
    const target = passed && targetOf({ file, from });
    if (target) return definitionOf(target, passed.there);
  }
  return file;
}

/** Every import of one shipped file by another, also of types: `[from, to]`. */
function importsOfFiles() {
  return shipped.flatMap((file) =>
    [...read(file).matchAll(/^(?:import|export) [^;]*? from '([^']+)';/gm)].flatMap(([, from]) => {
      const target = targetOf({ file, from });
      return target === undefined ? [] : [[file, target]];
    }),
  );
}

/** The folders of each package that import each other in a circle. Files of a package's root are its entries, and no folder. */
function foldersInCircles(edges) {
  const packageOf = (file) => file.split('/', 2).join('/');
  const graph = new Map();
  for (const [from, to] of edges) {
    const [source, target] = [dirname(from), dirname(to)];
    if (packageOf(from) !== packageOf(to) || source === target || target.startsWith(`${source}/`)) continue;
    graph.set(source, new Set([...(graph.get(source) ?? []), target]));
  }
  const reaches = (start) => {
    const seen = new Set();
    const visit = (folder) => {
      for (const next of graph.get(folder) ?? []) if (!seen.has(next)) seen.add(next) && visit(next);
    };
    visit(start);
    return seen;
  };
  return [...graph.keys()].filter((folder) => reaches(folder).has(folder)).toSorted();
}

/** The subjects of docs/architecture.md: a package, or a folder of a package that has several. */
function subjectOf(file) {
  const [top, name, , folder] = file.split('/');
  const hasSubjects = ['access', 'base', 'ehr', 'imports', 'records', 'serving', 'store'].includes(name);
  return top === 'packages' && hasSubjects && folder && !folder.includes('.') ? `${name}/${folder}` : name;
}

function isInstalled(path) {
  return /(?:^|\/)(?:node_modules|dist)$/.test(path);
}
