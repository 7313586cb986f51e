import { globSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { cruiseLayers, root } from './cruise-layers.fixture.ts';
import { entriesOf, plantTree } from './plant-tree.fixture.ts';

const owned = {
  bullmq: 'queues',
  mongodb: 'embedded',
  'mongodb-memory-server-core': 'embedded',
  testcontainers: 'embedded',
  axios: 'client',
  'axios-retry': 'client',
  'openid-client': 'client',
  'stream-json': 'client',
  pino: 'runtime',
  '@prometheus-io/client': 'runtime',
  '@opentelemetry': 'runtime',
  '@aws-sdk': 'encryption',
  express: 'apps',
  httpxy: 'api',
};

const folders = globSync('{{apps,packages}/*,scripts}/package.json', { cwd: root }).map(dirname);

/** See `folders` in .dependency-cruiser.mjs. */
const subjects = {
  base: ['runtime', 'cron', 'encryption', 'egress'],
  ehr: ['rate-limiter', 'providers', 'client'],
  records: ['resources', 'quarantine'],
  serving: ['tables', 'bulk'],
  imports: ['runs', 'references', 'export', 'sync', 'schedules'],
};

/** See `acts` in .dependency-cruiser.mjs. */
const acts = {
  export: ['start', 'kick-off', 'poll', 'download', 'finish'],
  sync: ['plan', 'search', 'finish'],
};

/** A workspace package that the folder's package.json does not declare. */
function undeclaredBy(folder: string): string {
  const read = (path: string) => JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')) as Manifest;
  const { name: own, dependencies, devDependencies } = read(folder);
  const declared = { ...dependencies, ...devDependencies };
  const elsewhere = ['@bulkhead/testing', '@bulkhead/embedded'];
  const packages = folders.filter((path) => path.startsWith('packages/')).map(read);
  const undeclared = packages.find(({ name }) => name !== own && !declared[name] && !elsewhere.includes(name));
  return undeclared
    ? join(undeclared.name, entriesOf(undeclared)[0] ?? '.')
    : '../../../packages/newcomer/src/index.ts';
}

/** A file, its text, and the one rule that it breaks. */
const violations: readonly (readonly [path: string, text: string, rule: string])[] = [
  // Layers: no import of a higher layer or of the same one.
  ['packages/base/src/runtime/higher.ts', "import '@bulkhead/store';", 'layer-of-base'],
  ...folders.map(
    (folder) =>
      [
        `${folder}/src/up.test.ts`,
        `import '${undeclaredBy(folder)}';`,
        `layer-of-tests-of-${basename(folder)}`,
      ] as const,
  ),
  ['packages/fhir/src/sideways.ts', "import '@bulkhead/base';", 'layer-of-fhir'],
  ['packages/ehr/src/client/sideways.ts', "import '@bulkhead/store';", 'layer-of-ehr'],
  ['packages/queues/src/sideways.ts', "import '@bulkhead/store';", 'layer-of-queues'],
  ['packages/store/src/sideways.ts', "import '@bulkhead/queues';", 'layer-of-store'],
  ['packages/access/src/up.ts', "import '@bulkhead/connections';", 'layer-of-access'],
  ['packages/connections/src/up.ts', "import '@bulkhead/records';", 'layer-of-connections'],
  ['packages/records/src/resources/higher.ts', "import '@bulkhead/documents';", 'layer-of-records'],
  ['packages/serving/src/tables/higher.ts', "import '@bulkhead/documents';", 'layer-of-serving'],
  ['packages/documents/src/up.ts', "import '@bulkhead/webhooks';", 'layer-of-documents'],
  ['packages/webhooks/src/up.ts', "import '@bulkhead/imports/export';", 'layer-of-webhooks'],
  ['packages/imports/src/schedules/up.ts', "import '@bulkhead/erasure';", 'layer-of-imports'],
  ['packages/erasure/src/up.ts', "import '@bulkhead/monitoring';", 'layer-of-erasure'],
  ['packages/monitoring/src/up.ts', "import '@bulkhead/system';", 'layer-of-monitoring'],
  ['packages/system/src/up.ts', "import '@bulkhead/client';", 'layer-of-system'],
  ['packages/http/src/up.ts', "import '@bulkhead/client';", 'layer-of-http'],
  // Folders of a package with more than one subject.
  ...Object.entries(subjects).flatMap(([name, inOrder]) =>
    inOrder
      .slice(0, -1)
      .map(
        (folder, index) =>
          [
            `packages/${name}/src/${folder}/up.ts`,
            `import '../${inOrder[index + 1]}/target.ts';`,
            `order-of-${name}-${folder}`,
          ] as const,
      ),
  ),
  ['packages/access/src/audit/up.ts', "import '../target.ts';", 'audit-below-access'],
  ['packages/store/src/bson/up.ts', "import '../inner.ts';", 'bson-below-store'],
  ['packages/fhir/src/up.ts', "import './bulk-server/target.ts';", 'bulk-server-above-fhir'],
  ['packages/embedded/src/down.ts', "import '@bulkhead/base';", 'layer-of-embedded'],
  ['apps/ehr-simulator/src/other-side.ts', "import '@bulkhead/store';", 'layer-of-ehr-simulator'],
  ['apps/cli/src/beside-the-api.ts', "import '@bulkhead/base';", 'layer-of-cli'],
  ['apps/console/src/beside-the-api.tsx', "import '@bulkhead/base';", 'layer-of-console'],
  ['packages/client/src/beside-the-api.ts', "import '@bulkhead/base';", 'layer-of-client'],
  ['scripts/start/to-documents.ts', "import '@bulkhead/documents';", 'layer-of-scripts'],
  // These may import every layer, but no package without a layer.
  ['packages/newcomer/src/index.ts', "import '@bulkhead/base';", 'every-folder-has-a-layer'],
  ['packages/system/src/newcomer.ts', "import '../../newcomer/src/index.ts';", 'layer-of-system'],
  ['apps/api/src/newcomer.ts', "import '../../../packages/newcomer/src/index.ts';", 'layer-of-api'],
  ['apps/serve/src/newcomer.ts', "import '../../../packages/newcomer/src/index.ts';", 'layer-of-serve'],
  ['packages/http/src/ehr.ts', "import '@bulkhead/ehr';", 'api-never-talks-to-an-ehr'],
  ['packages/http/src/queue.ts', "import '@bulkhead/queues';", 'serve-has-no-queue'],
  ['apps/worker/src/newcomer.ts', "import '../../../packages/newcomer/src/index.ts';", 'layer-of-worker'],
  // The form of the import does not matter.
  ['apps/api/src/ehr.ts', "import '@bulkhead/ehr';", 'api-never-talks-to-an-ehr'],
  ['apps/api/src/ehr.test.ts', "import '@bulkhead/ehr';", 'api-never-talks-to-an-ehr'],
  ['apps/api/src/type.ts', "import type { A } from '@bulkhead/ehr';", 'api-never-talks-to-an-ehr'],
  ['apps/api/src/inline-type.ts', "import { type A } from '@bulkhead/ehr';", 'api-never-talks-to-an-ehr'],
  ['apps/api/src/re-export.ts', "export * from '@bulkhead/ehr';", 'api-never-talks-to-an-ehr'],
  ['apps/api/src/dynamic.ts', "await import('@bulkhead/ehr');", 'api-never-talks-to-an-ehr'],
  ['apps/api/src/inner.ts', "import '../../../packages/store/src/inner.ts';", 'packages-through-their-exports'],
  ['packages/system/src/built.ts', "import '../../store/dist/index.js';", 'no-import-of-dist'],
  // Owners. Tests are not exempt.
  ...Object.entries(owned).map(
    ([name, owner]) => [`packages/system/src/${name}.ts`, `import '${name}';`, `${name}-only-in-${owner}`] as const,
  ),
  ['packages/base/src/runtime/queue.ts', "import 'bullmq';", 'bullmq-only-in-queues'],
  ['packages/queues/src/database.test.ts', "import 'mongoose';", 'mongoose-only-in-repositories'],
  ['packages/imports/src/sync/search/database.ts', "import 'mongoose';", 'mongoose-only-in-repositories'],
  ['packages/imports/src/sync/read/ehr.ts', "import '@bulkhead/ehr';", 'only-steps-talk-to-an-ehr'],
  ['packages/imports/src/sync/start/takes-a-step.ts', "import '../search/page.ts';", 'commands-do-not-take-steps'],
  ['packages/imports/src/sync/read/takes-steps.ts', "import '../steps.ts';", 'commands-do-not-take-steps'],
  ['packages/webhooks/src/commands/takes-steps.ts', "import '../steps/index.ts';", 'commands-do-not-take-steps'],
  ['packages/webhooks/src/steps/database.ts', "import 'mongoose';", 'mongoose-only-in-repositories'],
  ['apps/worker/src/queue.ts', "import type { Job } from 'bullmq';", 'bullmq-only-in-queues'],
  ['apps/worker/src/deep.ts', "import 'stream-json/index.js';", 'stream-json-only-in-client'],
  // Production code and tests.
  ['apps/worker/src/app-in-app.ts', "import '@bulkhead/api';", 'apps-are-not-imported'],
  ['scripts/start/app-in-script.ts', "import '@bulkhead/ehr-simulator';", 'apps-are-not-imported'],
  ['packages/ehr/src/client/wrong-app.test.ts', "import '@bulkhead/api';", 'tests-import-the-simulator-only'],
  ['apps/worker/src/server.ts', "import '@bulkhead/embedded';", 'embedded-only-in-scripts-and-tests'],
  ['packages/system/src/builders.ts', "import '@bulkhead/testing';", 'no-test-code-in-production'],
  ['scripts/start/builders.ts', "import '@bulkhead/testing';", 'no-test-code-in-production'],
  ['packages/system/src/fixture.ts', "import './some.fixture.ts';", 'no-test-code-in-production'],
  ['packages/system/src/folder.ts', "import './testing/some.ts';", 'no-test-code-in-production'],
  ['apps/worker/src/measured.ts', "import '../bench/some.ts';", 'no-test-code-in-production'],
  ['apps/api/src/dev.ts', "import '@jest/globals';", 'no-dev-dependency-in-production'],
  // Other rules.
  ['apps/api/src/hoisted.ts', "import 'undeclared';", 'no-undeclared-dependency'],
  ['apps/api/src/typo.ts', "import './tpyo.ts';", 'no-unresolvable-import'],
  ['packages/fhir/src/asks.ts', "import 'node:http';", 'fhir-does-no-io'],
  ['scripts/early.mjs', "import 'zod';", 'bootstrap-needs-nothing-installed'],
  ...Object.entries(acts).flatMap(([subject, names]) =>
    names.slice(subject === 'export' ? 1 : 0).map((act) => {
      const text = `import '../${names.at(names.indexOf(act) - 1)}/shared.ts';`;
      return [`packages/imports/src/${subject}/${act}/other.ts`, text, `acts-import-no-act-${subject}-${act}`] as const;
    }),
  ),
  ['packages/store/src/egg.ts', "import type { Hen } from './hen.ts'; export type Egg = Hen;", 'no-circular-import'],
  ['packages/store/src/forgotten.ts', 'export const two = 2;', 'no-orphan'],
];

/** Files that the same rules allow. */
const allowed: readonly (readonly [path: string, text: string])[] = [
  ['packages/queues/src/queue.ts', "import 'bullmq';"],
  ['apps/api/src/http.ts', "import 'express';"],
  ['apps/worker/src/app-in-app.test.ts', "import '@bulkhead/api';"],
  ['apps/api/src/behind.test.ts', "import '@bulkhead/serve';"],
  ['packages/ehr/src/client/app.test.ts', "import '@bulkhead/ehr-simulator';"],
  ['apps/worker/src/server.test.ts', "import '@bulkhead/embedded';"],
  ['packages/system/src/builders.test.ts', "import '@bulkhead/testing';"],
  ['packages/system/src/testing/uses.ts', "import './some.ts';"],
  ['apps/api/src/dev.test.ts', "import '@jest/globals';"],
  ['apps/worker/bench/floor.probe.ts', "import 'mongodb'; import 'axios'; import '@bulkhead/testing';"],
  ['packages/fhir/src/bytes.ts', "import 'node:buffer';"],
];

/** Files that exist only to be imported. */
const targets = {
  'packages/newcomer/package.json': '{ "name": "@bulkhead/newcomer", "type": "module" }',
  'packages/imports/src/sync/search/page.ts': 'export const one = 1;',
  'packages/imports/src/sync/steps.ts': 'export const one = 1;',
  'packages/webhooks/src/steps/index.ts': 'export const one = 1;',
  ...Object.fromEntries(
    Object.entries(subjects).flatMap(([name, inOrder]) =>
      inOrder.slice(1).map((folder) => [`packages/${name}/src/${folder}/target.ts`, 'export const one = 1;']),
    ),
  ),
  ...Object.fromEntries(
    Object.entries(acts).flatMap(([subject, names]) =>
      names
        .slice(0, subject === 'export' ? -1 : names.length)
        .map((act) => [`packages/imports/src/${subject}/${act}/shared.ts`, 'export const one = 1;']),
    ),
  ),
  'packages/access/src/target.ts': 'export const one = 1;',
  'packages/fhir/src/bulk-server/target.ts': 'export const one = 1;',
  'packages/store/src/hen.ts': "import type { Egg } from './egg.ts'; export type Hen = Egg;",
  'packages/store/src/inner.ts': 'export const inner = 1;',
  'packages/store/dist/index.js': 'export const one = 1;',
  'packages/system/src/some.fixture.ts': 'export const some = 1;',
  'packages/system/src/testing/some.ts': 'export const some = 1;',
  'apps/worker/bench/some.ts': 'export const some = 1;',
};

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'bulkhead-layers-')));
afterAll(() => rmSync(folder, { recursive: true }));
const planted = [...violations, ...allowed].map(([path, text]) => [path, text]);
const files = { ...Object.fromEntries(planted), ...targets };
plantTree({ folder, files, packages: [...Object.keys(owned), 'mongoose', 'zod'] });
const cruise = await cruiseLayers(folder);

describe('the rules of the layers, in a tree with a violation of each rule', () => {
  it.each(violations)('the import in %s, %s, breaks the rule %s', (path, _text, rule) => {
    expect(rulesBrokenBy(path)).toEqual([rule]);
  });

  it.each(allowed)('the import in %s, %s, is allowed', (path) => {
    expect(cruise.modules.map(({ source }) => source)).toContain(path);
    expect(rulesBrokenBy(path)).toEqual([]);
  });

  it('no rule is broken by a file without a planted violation', () => {
    const paths = new Set(violations.map(([path]) => path));
    expect(cruise.summary.violations.filter(({ from }) => !paths.has(from))).toEqual([]);
  });

  it('the tree has a violation of every rule', () => {
    const rules = cruise.summary.ruleSetUsed.forbidden.map(({ name }) => name);
    expect(new Set(violations.map(([, , rule]) => rule))).toEqual(new Set(rules));
  });

  function rulesBrokenBy(path: string): string[] {
    return [...new Set(cruise.summary.violations.filter(({ from }) => from === path).map(({ rule }) => rule.name))];
  }
});

it('the real tree has no violation, and its imports between packages are edges to sources', async () => {
  const { modules, summary } = await cruiseLayers(root);
  expect(summary.violations).toEqual([]);
  const entryPoints = readEntryPoints();
  for (const manifest of globSync('{apps,packages}/*/package.json', { cwd: root })) {
    const folder = dirname(manifest);
    const { dependencies = {} } = JSON.parse(readFileSync(join(root, manifest), 'utf8')) as Manifest;
    const expected = Object.keys(dependencies).filter((name) => name.startsWith('@bulkhead/'));
    const edges = modules
      .filter(({ source }) => source.startsWith(`${folder}/src/`))
      .flatMap(({ dependencies }) => dependencies)
      .filter(({ module, resolved }) => resolved === entryPoints.get(module));
    const names = edges.map(({ module }) => module.split('/').slice(0, 2).join('/'));
    expect([...new Set(names)]).toEqual(expect.arrayContaining(expected));
  }
});

/** Returns the source of each entry point: `packages/imports/src/sync/steps.ts` for `@bulkhead/imports/sync/steps`. */
function readEntryPoints(): ReadonlyMap<string, string> {
  const entryPoints = new Map<string, string>();
  for (const manifest of globSync('packages/*/package.json', { cwd: root })) {
    const { name, exports = {} } = JSON.parse(readFileSync(join(root, manifest), 'utf8')) as Manifest;
    for (const [entry, source] of Object.entries(exports))
      entryPoints.set(
        join(name, entry),
        join(dirname(manifest), typeof source === 'string' ? source : source['@bulkhead/source']),
      );
  }
  return entryPoints;
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string | { readonly '@bulkhead/source': string }>>;
}
