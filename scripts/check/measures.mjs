// usage: pnpm measures    measures the layout of the sources: the table of docs/architecture.md
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
  'packages/bulk-export/src/commands/bulk-export.service.ts',
  ...['kick-off', 'poll-export', 'download/download-file', 'finalize-export'].map(
    (step) => `packages/bulk-export/src/steps/${step}.ts`,
  ),
  ...['bulk-export', 'output-file', 'watermarks/watermark'].map(
    (name) => `packages/bulk-export/src/${name}.repository.ts`,
  ),
  'packages/resources/src/resource.writer.ts',
  'packages/quarantine/src/quarantine.repository.ts',
];
const foundations = ['runtime', 'fhir', 'rate-limiter', 'providers', 'ehr-client', 'queues', 'store'];

console.table({
  'production files': shipped.length,
  'median lines of a file': sorted[Math.floor(sorted.length / 2)],
  'files under 20 lines, %': ((100 * lengths.filter((lines) => lines < 20).length) / lengths.length).toFixed(1),
  'files over 400 lines': lengths.filter((lines) => lines > 400).length,
  'largest folder': `${largest[0]}: ${largest[1].length} files`,
  'files from POST bulk-export to a stored resource': reachable().size,
});

/** Returns the files whose values `starts` import, directly and indirectly, without foundations, HTTP and types. */
function reachable() {
  const visited = new Set();
  const follow = (file) => {
    if (visited.has(file)) return;
    visited.add(file);
    for (const { names, from } of bindings(file, 'import'))
      for (const name of names) {
        const target = resolve({ file, name, from });
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
function resolve({ file, name, from }) {
  if (from.startsWith('.')) {
    const target = join(dirname(file), from);
    return /^packages\/|^apps\/api\/src\/endpoints\/bulk-export\//.test(target) ? target : undefined;
  }
  const [, feature, entry = ''] = /^@bulkhead\/([\w-]+)(\/\w+)?$/.exec(from) ?? [];
  if (feature === undefined || foundations.includes(feature)) return undefined;
  const manifest = JSON.parse(readFileSync(join(root, `packages/${feature}/package.json`), 'utf8'));
  const exporting = join(`packages/${feature}`, manifest.exports[`.${entry}`]);
  if (basename(exporting) !== 'index.ts') return exporting;
  const exported = bindings(exporting, 'export').find(({ names }) => names.includes(name));
  return exported && join(dirname(exporting), exported.from);
}

function isInstalled(path) {
  return /(?:^|\/)(?:node_modules|dist)$/.test(path);
}
