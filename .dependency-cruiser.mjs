/**
 * Who may import whom. `pnpm check` cruises apps, packages and scripts with it, and
 * scripts/check/layers.integration.test.ts plants a violation of every rule and expects it to be found.
 *
 * `dist` is not excluded: an excluded file takes the edges that lead to it along, and where imports of workspace packages
 * resolve to `dist` no rule would ever see one. They resolve to sources here (conditionNames), and an edge that reaches
 * `dist` all the same is an error.
 */

import { readFileSync } from 'node:fs';

/** Packages in their order: each may import those before it (docs/architecture.md). */
const foundations = ['runtime', 'fhir', 'rate-limiter', 'providers', 'ehr-client', 'queues', 'store'];
const features = [
  'access',
  'connections',
  'resources',
  'quarantine',
  'documents',
  'webhooks',
  'bulk-export',
  'sync',
  'schedules',
  'erasure',
  'monitoring',
];
const order = [...foundations, ...features, 'system', 'sdk'];
const packagesBefore = (name) => order.slice(0, order.indexOf(name));

/** Who may import these is for rules of their own. */
const judgedElsewhere = ['testing', 'embedded', 'ehr-simulator', 'api'];

/** What each folder may declare as a dependency of ours, itself and the two test-only packages aside. */
const layers = {
  ...Object.fromEntries(order.map((name) => [`packages/${name}`, packagesBefore(name)])),
  'packages/runtime': [],
  'packages/fhir': [],
  'packages/embedded': [],
  'packages/testing': [],
  'apps/api': order,
  'apps/worker': order,
  // They speak HTTP and nothing else: they must run where no other part of Bulkhead is.
  'packages/client': [],
  'apps/cli': ['client'],
  'apps/console': ['client'],
  'apps/ehr-simulator': ['fhir', 'runtime'],
  scripts: ['embedded', ...order],
};

/** What each folder may import: what its package.json declares, so that it is there where the importer is deployed. */
const declared = Object.fromEntries(
  Object.entries(layers).map(([folder, allowed]) => {
    const manifest = JSON.parse(readFileSync(new URL(`${folder}/package.json`, import.meta.url), 'utf8'));
    const { dependencies = {}, devDependencies = {} } = manifest;
    const production = Object.keys(dependencies).flatMap(nameOfOurs);
    const tests = [...production, ...Object.keys(devDependencies).flatMap(nameOfOurs)];
    const wrong = tests.filter((name) => !allowed.includes(name) && !judgedElsewhere.includes(name));
    if (wrong.length > 0)
      throw new Error(`${folder}/package.json may not depend on ${wrong.join(', ')}: see \`order\`.`);
    return [folder, { production, tests }];
  }),
);

/** Third-party packages with one owner: whoever wants to replace one has a single folder to change. */
const owners = {
  // A bare queue is the floor that a bench compares the API with.
  bullmq: ['packages/queues', 'apps/api/src/bench'],
  // The bare driver only asks a server that was just started whether it answers, looks for secrets in what is stored, compares
  // whole databases in tests, and is the floor that a bench compares the store with; data goes through the store.
  mongodb: ['packages/embedded', 'scripts/leaks', 'apps/worker/bench', 'apps/worker/test/harness'],
  'mongodb-memory-server-core': 'packages/embedded',
  testcontainers: 'packages/embedded',
  // Bare GETs are the floor that a bench compares downloads with.
  axios: ['packages/ehr-client', 'apps/worker/bench'],
  'axios-retry': 'packages/ehr-client',
  'openid-client': 'packages/ehr-client',
  'stream-json': 'packages/ehr-client',
  pino: 'packages/runtime',
  'prom-client': 'packages/runtime',
  '@opentelemetry': 'packages/runtime',
  '@aws-sdk': 'packages/runtime',
  express: 'apps',
};

const ours = '^((?:apps|packages)/[^/]+|scripts)/';
// A bench of an app is measured from the inside, by a process that scripts/bench starts (`*.probe.ts`): what it measures are
// use cases and processors, which only their own app can import. It is shipped as little as a test.
const testCode = '^packages/testing/|/testing/|^apps/[^/]+/(?:src/)?(?:bench|test)/|[.](?:test|fixture)[.]ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(declared).flatMap(toLayerRules),
    ...Object.entries(owners).map(toOwnerRule),
    {
      name: 'mongoose-only-in-repositories',
      comment: 'Records are read and written by the repositories of their feature. Commands and steps call those.',
      from: {
        pathNot: ['^packages/(?:store|system)/', `^packages/(?:${features.join('|')})/src/(?!commands/|steps/)`],
      },
      to: { path: '(?:^|/)node_modules/mongoose/|^mongoose(?:/|$)', pathNot: '^(?:apps|packages|scripts)/' },
    },
    {
      name: 'only-steps-talk-to-an-ehr',
      comment:
        'Commands are called by the API, which never talks to an EHR. Keys are generated and checked by the code that signs with ' +
        'them, and the repository of tokens implements an interface of the client.',
      from: {
        path: `^packages/(?:${features.join('|')})/`,
        pathNot: [
          testCode,
          '^packages/[^/]+/src/steps/',
          '^packages/connections/src/(?:access-token|signing-key)[.]repository[.]ts$',
          '^packages/connections/src/commands/(?:signing-key[.]service|new-connection)[.]ts$',
        ],
      },
      to: { path: '^packages/ehr-client/' },
    },
    {
      name: 'commands-do-not-take-steps',
      comment: 'A command stores a record and enqueues a job. A worker does the work.',
      from: { path: '^packages/[^/]+/src/commands/', pathNot: testCode },
      to: { path: '^packages/[^/]+/src/steps/' },
    },
    {
      name: 'every-folder-has-a-layer',
      comment: 'A new app or package says what it may import: add it to `layers` in .dependency-cruiser.mjs.',
      from: { path: '^(?:apps|packages)/', pathNot: Object.keys(layers).map((folder) => `^${folder}/`) },
      to: {},
    },
    {
      name: 'api-never-talks-to-an-ehr',
      comment:
        'The API answers from what workers stored. An EHR client in it would spend the request budget outside of any ' +
        'job. The provider registry is data and has a package of its own.',
      from: { path: '^apps/api/' },
      to: { path: '^packages/ehr-client/' },
    },
    {
      name: 'apps-are-not-imported',
      comment: 'An app is a process of its own. Only tests start one inside themselves (next rule).',
      from: { path: ours, pathNot: testCode },
      to: { path: '^apps/', pathNot: '^$1/' },
    },
    {
      name: 'tests-import-the-simulator-only',
      comment:
        'The simulator is the other side of the wire for every test. The worker also tests a whole system: with the API.',
      from: { path: `^(?=.*(?:${testCode}))(?!apps/worker/)((?:apps|packages)/[^/]+|scripts)/` },
      to: { path: '^apps/', pathNot: ['^$1/', '^apps/ehr-simulator/'] },
    },
    {
      name: 'embedded-only-in-scripts-and-tests',
      comment:
        'Redis and MongoDB of a deployment are addresses in the configuration; no process of ours starts its own.',
      from: { pathNot: [testCode, '^packages/embedded/', '^scripts/'] },
      to: { path: '^packages/embedded/' },
    },
    {
      name: 'no-test-code-in-production',
      comment: 'Tests, fixtures, benches, `testing` folders and @bulkhead/testing are not shipped.',
      from: { pathNot: testCode },
      to: { path: testCode, pathNot: 'node_modules/' },
    },
    {
      name: 'no-dev-dependency-in-production',
      comment: 'A devDependency is not there where the package is deployed: make it a dependency, or do without.',
      // What builds an app is not deployed with it.
      from: { path: ours, pathNot: [testCode, '[.]config[.]ts$'] },
      to: { dependencyTypes: ['npm-dev'] },
    },
    {
      name: 'no-undeclared-dependency',
      comment: 'It resolves here by luck (hoisting); declare it in the package.json of the package that imports it.',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-unresolvable-import',
      comment: 'Nothing is there: a typing error, a package that is not declared, or an install that is due.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'packages-through-their-index',
      comment: 'What a package does not export is its own business; a path into it goes around its exports.',
      from: { path: ours },
      to: {
        path: '^(?:apps|packages)/[^/]+/src/',
        pathNot: ['^$1/', '^(?:apps|packages)/[^/]+/src/(?:(?:commands|steps|testing)/)?index[.]ts$'],
      },
    },
    {
      name: 'no-import-of-dist',
      comment: 'Built files end this check: their imports are not followed. Workspace imports must resolve to sources.',
      from: {},
      to: { path: '^(?:apps/[^/]+|packages/[^/]+|scripts)/dist/' },
    },
    {
      name: 'fhir-does-no-io',
      comment: 'It is pure: what it computes depends on its arguments alone. A buffer is data, not I/O.',
      from: { path: '^packages/fhir/', pathNot: testCode },
      to: { dependencyTypes: ['core'], pathNot: '^(?:node:)?buffer$' },
    },
    {
      name: 'bootstrap-needs-nothing-installed',
      comment: 'scripts/*.mjs run before `pnpm install`, on any node: they import node and each other.',
      from: { path: '^scripts/[^/]+[.]mjs$', pathNot: '[.]config[.]mjs$' },
      to: { pathNot: '^scripts/[^/]+[.]mjs$', dependencyTypesNot: ['core'] },
    },
    {
      name: 'no-circular-import',
      comment: 'Which half of a cycle is loaded first depends on who asks; move what both need into a third file.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphan',
      comment: 'It imports nothing and nobody imports it: it is dead, or wired up by a name that nothing checks.',
      from: { orphan: true },
      to: {},
    },
  ].map((rule) => ({ severity: 'error', ...rule })),
  options: {
    // swc reads sources as they are written, so a type import is a dependency too: a layer that knows another's types
    // cannot be changed alone. (`tsPreCompilationDeps` would only ask for a tsc with an API, which TypeScript 7 has not.)
    parser: 'swc',
    // Edges to these are seen and judged; what is in them is not read.
    doNotFollow: { path: ['(?:^|/)node_modules/', '^(?:apps/[^/]+|packages/[^/]+|scripts)/dist/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@bulkhead/source', 'import', 'node', 'default'],
      mainFields: ['module', 'main'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
};

function nameOfOurs(dependency) {
  return dependency.startsWith('@bulkhead/') ? [dependency.slice('@bulkhead/'.length)] : [];
}

function toLayerRules([folder, { production, tests }]) {
  const name = folder.split('/').at(-1);
  const elsewhere = folder === 'apps/api' ? [...judgedElsewhere, 'ehr-client'] : judgedElsewhere;
  const rule = (options) => {
    const { names, isTest, ...others } = options;
    return {
      ...others,
      comment: `${folder} may import of ours what it declares: ${names.join(', ') || 'nothing'}. Packages import those before them.`,
      from: isTest ? { path: `^(?=.*(?:${testCode}))${folder}/` } : { path: `^${folder}/`, pathNot: testCode },
      to: { path: '^packages/', pathNot: [`^${folder}/`, `^packages/(?:${[...names, ...elsewhere].join('|')})/`] },
    };
  };
  const rules = [rule({ name: `layer-of-tests-of-${name}`, names: tests, isTest: true })];
  // All of this package is for tests.
  if (folder !== 'packages/testing') rules.push(rule({ name: `layer-of-${name}`, names: production, isTest: false }));
  return rules;
}

function toOwnerRule([name, given]) {
  const [owner, ...others] = [given].flat();
  return {
    name: `${name}-only-in-${owner.split('/').at(-1)}`,
    comment: `${owner} is the one place that knows ${name}: use what it exports.`,
    from: { pathNot: [owner, ...others].map((folder) => `^${folder}/`) },
    // Installed, or imported without being installed.
    to: { path: `(?:^|/)node_modules/(?:@types/)?${name}/|^${name}(?:/|$)`, pathNot: '^(?:apps|packages|scripts)/' },
  };
}
