import { globSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { cruiseLayers, root } from './cruise-layers.fixture.ts';
import { plantTree } from './plant-tree.fixture.ts';

const owned = {
  bullmq: 'queues',
  mongodb: 'embedded',
  'mongodb-memory-server-core': 'embedded',
  testcontainers: 'embedded',
  axios: 'ehr-client',
  'axios-retry': 'ehr-client',
  'openid-client': 'ehr-client',
  'stream-json': 'ehr-client',
  pino: 'runtime',
  '@prometheus-io/client': 'runtime',
  '@opentelemetry': 'runtime',
  '@aws-sdk': 'encryption',
  express: 'apps',
};

const folders = globSync('{{apps,packages}/*,scripts}/package.json', { cwd: root }).map(dirname);

/** A workspace package that the folder's package.json does not declare. */
function undeclaredBy(folder: string): string {
  if (['apps/cli', 'apps/console', 'packages/client'].includes(folder)) return '@bulkhead/runtime';
  return ['apps/worker', 'packages/sdk', 'scripts'].includes(folder) ? '@bulkhead/cron' : '@bulkhead/client';
}

/** A file, its text, and the one rule that it breaks. */
const violations: readonly (readonly [path: string, text: string, rule: string])[] = [
  // Layers: no import of a higher layer or of the same one.
  ['packages/runtime/src/up.ts', "import '@bulkhead/store';", 'layer-of-runtime'],
  ...folders.map(
    (folder) =>
      [
        `${folder}/src/up.test.ts`,
        `import '${undeclaredBy(folder)}';`,
        `layer-of-tests-of-${basename(folder)}`,
      ] as const,
  ),
  ['packages/fhir/src/sideways.ts', "import '@bulkhead/runtime';", 'layer-of-fhir'],
  ['packages/queues/src/sideways.ts', "import '@bulkhead/store';", 'layer-of-queues'],
  ['packages/store/src/sideways.ts', "import '@bulkhead/queues';", 'layer-of-store'],
  ['packages/bulk-server/src/sideways.ts', "import '@bulkhead/runtime';", 'layer-of-bulk-server'],
  ['packages/served-exports/src/up.ts', "import '@bulkhead/quarantine';", 'layer-of-served-exports'],
  ['packages/bson/src/up.ts', "import '@bulkhead/store';", 'layer-of-bson'],
  ['packages/cron/src/up.ts', "import '@bulkhead/queues';", 'layer-of-cron'],
  ['packages/egress/src/up.ts', "import '@bulkhead/providers';", 'layer-of-egress'],
  ['packages/encryption/src/up.ts', "import '@bulkhead/store';", 'layer-of-encryption'],
  ['packages/audit/src/up.ts', "import '@bulkhead/connections';", 'layer-of-audit'],
  ['packages/access/src/sideways.ts', "import '@bulkhead/audit';", 'layer-of-access'],
  ['packages/idempotency/src/up.ts', "import '@bulkhead/bulk-export';", 'layer-of-idempotency'],
  ['packages/connections/src/up.ts', "import '@bulkhead/bulk-export';", 'layer-of-connections'],
  ['packages/resources/src/up.ts', "import '@bulkhead/documents';", 'layer-of-resources'],
  ['packages/tables/src/up.ts', "import '@bulkhead/quarantine';", 'layer-of-tables'],
  ['packages/quarantine/src/up.ts', "import '@bulkhead/bulk-export';", 'layer-of-quarantine'],
  ['packages/documents/src/up.ts', "import '@bulkhead/webhooks';", 'layer-of-documents'],
  ['packages/webhooks/src/up.ts', "import '@bulkhead/bulk-export';", 'layer-of-webhooks'],
  ['packages/runs/src/up.ts', "import '@bulkhead/bulk-export';", 'layer-of-runs'],
  ['packages/bulk-export/src/sideways.ts', "import '@bulkhead/sync';", 'layer-of-bulk-export'],
  ['packages/sync/src/sideways.ts', "import '@bulkhead/schedules';", 'layer-of-sync'],
  ['packages/schedules/src/up.ts', "import '@bulkhead/erasure';", 'layer-of-schedules'],
  ['packages/erasure/src/up.ts', "import '@bulkhead/monitoring';", 'layer-of-erasure'],
  ['packages/monitoring/src/up.ts', "import '@bulkhead/system';", 'layer-of-monitoring'],
  ['packages/system/src/up.ts', "import '@bulkhead/sdk';", 'layer-of-system'],
  ['packages/sdk/src/undeclared.ts', "import '@bulkhead/quarantine';", 'layer-of-sdk'],
  ['packages/ehr-client/src/sideways.ts', "import '@bulkhead/store';", 'layer-of-ehr-client'],
  ['packages/providers/src/upward.ts', "import '@bulkhead/ehr-client';", 'layer-of-providers'],
  ['packages/rate-limiter/src/upward.ts', "import '@bulkhead/providers';", 'layer-of-rate-limiter'],
  ['packages/embedded/src/down.ts', "import '@bulkhead/runtime';", 'layer-of-embedded'],
  ['apps/ehr-simulator/src/other-side.ts', "import '@bulkhead/store';", 'layer-of-ehr-simulator'],
  ['apps/cli/src/beside-the-api.ts', "import '@bulkhead/runtime';", 'layer-of-cli'],
  ['apps/console/src/beside-the-api.tsx', "import '@bulkhead/runtime';", 'layer-of-console'],
  ['packages/client/src/beside-the-api.ts', "import '@bulkhead/runtime';", 'layer-of-client'],
  ['scripts/start/to-ehr.ts', "import '@bulkhead/ehr-client';", 'layer-of-scripts'],
  // These may import every layer, but no package without a layer.
  ['packages/newcomer/src/index.ts', "import '@bulkhead/runtime';", 'every-folder-has-a-layer'],
  ['packages/system/src/newcomer.ts', "import '../../newcomer/src/index.ts';", 'layer-of-system'],
  ['apps/api/src/newcomer.ts', "import '../../../packages/newcomer/src/index.ts';", 'layer-of-api'],
  ['apps/worker/src/newcomer.ts', "import '../../../packages/newcomer/src/index.ts';", 'layer-of-worker'],
  // The form of the import does not matter.
  ['apps/api/src/ehr.ts', "import '@bulkhead/ehr-client';", 'api-never-talks-to-an-ehr'],
  ['apps/api/src/ehr.test.ts', "import '@bulkhead/ehr-client';", 'api-never-talks-to-an-ehr'],
  ['apps/api/src/type.ts', "import type { A } from '@bulkhead/ehr-client';", 'api-never-talks-to-an-ehr'],
  ['apps/api/src/inline-type.ts', "import { type A } from '@bulkhead/ehr-client';", 'api-never-talks-to-an-ehr'],
  ['apps/api/src/re-export.ts', "export * from '@bulkhead/ehr-client';", 'api-never-talks-to-an-ehr'],
  ['apps/api/src/dynamic.ts', "await import('@bulkhead/ehr-client');", 'api-never-talks-to-an-ehr'],
  ['apps/api/src/inner.ts', "import '../../../packages/store/src/inner.ts';", 'packages-through-their-exports'],
  ['packages/system/src/built.ts', "import '../../store/dist/index.js';", 'no-import-of-dist'],
  // Owners. Tests are not exempt.
  ...Object.entries(owned).map(
    ([name, owner]) => [`packages/system/src/${name}.ts`, `import '${name}';`, `${name}-only-in-${owner}`] as const,
  ),
  ['packages/runtime/src/queue.ts', "import 'bullmq';", 'bullmq-only-in-queues'],
  ['packages/queues/src/database.test.ts', "import 'mongoose';", 'mongoose-only-in-repositories'],
  ['packages/sync/src/steps/database.ts', "import 'mongoose';", 'mongoose-only-in-repositories'],
  ['packages/sync/src/commands/ehr.ts', "import '@bulkhead/ehr-client';", 'only-steps-talk-to-an-ehr'],
  ['packages/sync/src/commands/takes-a-step.ts', "import '../steps/index.ts';", 'commands-do-not-take-steps'],
  ['apps/worker/src/queue.ts', "import type { Job } from 'bullmq';", 'bullmq-only-in-queues'],
  ['apps/worker/src/deep.ts', "import 'stream-json/index.js';", 'stream-json-only-in-ehr-client'],
  // Production code and tests.
  ['apps/worker/src/app-in-app.ts', "import '@bulkhead/api';", 'apps-are-not-imported'],
  ['scripts/start/app-in-script.ts', "import '@bulkhead/ehr-simulator';", 'apps-are-not-imported'],
  ['packages/ehr-client/src/wrong-app.test.ts', "import '@bulkhead/api';", 'tests-import-the-simulator-only'],
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
  ['packages/store/src/egg.ts', "import type { Hen } from './hen.ts'; export type Egg = Hen;", 'no-circular-import'],
  ['packages/store/src/forgotten.ts', 'export const two = 2;', 'no-orphan'],
];

/** Files that the same rules allow. */
const allowed: readonly (readonly [path: string, text: string])[] = [
  ['packages/queues/src/queue.ts', "import 'bullmq';"],
  ['apps/api/src/http.ts', "import 'express';"],
  ['apps/worker/src/app-in-app.test.ts', "import '@bulkhead/api';"],
  ['packages/ehr-client/src/app.test.ts', "import '@bulkhead/ehr-simulator';"],
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
  'packages/sync/src/steps/index.ts': 'export const one = 1;',
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
}, 60_000);

/** Returns the source of each entry point: `packages/sync/src/steps/index.ts` for `@bulkhead/sync/steps`. */
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
  readonly exports?: Readonly<Record<string, string | { readonly '@bulkhead/source': string }>>;
}
