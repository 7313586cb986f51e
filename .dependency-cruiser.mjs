/**
 * The rules about imports. `pnpm check` applies them to apps, packages and scripts.
 * scripts/check/layers.integration.test.ts plants a violation of every rule and expects each to be found.
 *
 * `dist` is not excluded. Excluding a file also removes the edges that lead to it, so no rule would see imports of
 * workspace packages that resolve to `dist`. They resolve to sources here (conditionNames), and an edge that still
 * reaches `dist` is an error.
 */

import { readFileSync } from 'node:fs';
import swcVisitor from '@swc/core/Visitor.js';
import { foundations } from './scripts/check/foundations.mjs';

// dependency-cruiser uses the visitor of swc, which does not know `await using` and throws.
const { prototype } = swcVisitor.Visitor ?? swcVisitor;
const { visitStatement } = prototype;
prototype.visitStatement = function visit(statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement);
  statement.decls = this.visitVariableDeclarators(statement.decls);
  return statement;
};

/** In order, as the foundations are. */
const features = [
  'access',
  'connections',
  'records',
  'serving',
  'documents',
  'webhooks',
  'imports',
  'erasure',
  'monitoring',
];
const order = [...foundations, ...features, 'system', 'http', 'client'];
/** The folders of a package that has more than one subject, in order: each may import those before it. */
const folders = {
  base: ['runtime', 'cron', 'encryption', 'egress'],
  ehr: ['rate-limiter', 'providers', 'client'],
  records: ['resources', 'quarantine'],
  serving: ['tables', 'bulk'],
  imports: ['runs', 'references', 'export', 'sync', 'schedules'],
};
/** The folders of a subject that the API calls, and those that a worker runs: by acts of the story where a subject has many. */
const commandFolders = 'commands|start|read';
const stepFolders = 'steps|kick-off|plan|poll|search|download|finish|recover';
/** The acts of a story, which import nothing of each other. Those of commands are covered by `commands-do-not-take-steps`. */
const acts = {
  'imports/src/export': ['start', 'kick-off', 'poll', 'download', 'finish'],
  'imports/src/sync': ['plan', 'search', 'finish'],
};
const stepEntry = '/src/[^/]+/steps[.]ts$';
/** In a package with one subject or with more. */
const inSubject = (names) => [`^packages/[^/]+/src/(?:${names})/`, `^packages/[^/]+/src/[^/]+/(?:${names})/`];
const packagesBefore = (name) => order.slice(0, order.indexOf(name));

/** Other rules decide who may import these. */
const coveredElsewhere = ['testing', 'embedded', 'ehr-simulator', 'api', 'serve'];

/**
 * The workspace packages that each folder may declare as dependencies, besides itself and the two test-only packages.
 */
const layers = {
  ...Object.fromEntries(order.map((name) => [`packages/${name}`, packagesBefore(name)])),
  'packages/base': [],
  'packages/fhir': [],
  'packages/embedded': [],
  'packages/testing': [],
  'apps/api': order,
  'apps/serve': order,
  'apps/worker': order,
  // These use only HTTP, because they must run without any other part of Bulkhead.
  'packages/client': [],
  'apps/cli': ['client'],
  'apps/console': ['client'],
  'apps/ehr-simulator': ['fhir', 'base'],
  scripts: ['embedded', ...order],
};

/** These are bundled with everything that they import, so their packages have no dependencies, and each import is of a devDependency. */
const bundled = ['packages/client', 'apps/cli'];

/**
 * The workspace packages that each folder may import: those in its package.json, so that they exist where the folder is
 * deployed.
 */
const declared = Object.fromEntries(
  Object.entries(layers).map(([folder, allowed]) => {
    const { dependencies = {}, devDependencies = {} } = readManifest(folder);
    const tests = Object.keys({ ...dependencies, ...devDependencies }).flatMap(nameOfOurs);
    const production = bundled.includes(folder) ? tests : Object.keys(dependencies).flatMap(nameOfOurs);
    const wrong = tests.filter((name) => !allowed.includes(name) && !coveredElsewhere.includes(name));
    if (wrong.length > 0)
      throw new Error(`${folder}/package.json may not depend on ${wrong.join(', ')}: see \`order\`.`);
    return [folder, { production, tests }];
  }),
);

/** The files that packages export. */
const entryPoints = Object.keys(layers).flatMap((folder) =>
  Object.values(readManifest(folder).exports ?? {}).map(
    // The client, which is published, exports its bundle by default.
    (target) => `${folder}/${(target['@bulkhead/source'] ?? target).slice(2)}`,
  ),
);

function readManifest(folder) {
  return JSON.parse(readFileSync(new URL(`${folder}/package.json`, import.meta.url), 'utf8'));
}

/** Third-party packages with one owner, so that only one folder changes if a package is replaced. */
const owners = {
  // A bench compares the API with a bare queue.
  bullmq: ['packages/queues', 'apps/api/src/bench'],
  // The bare driver checks whether a new server answers, searches stored data for secrets and large records, starts a replica set,
  // compares whole databases and copies records in tests, and is the floor of the store in a bench. The store uses a class that mongoose
  // does not pass on (docs/decisions/0009-lines-as-bytes.md). All other data goes through mongoose.
  mongodb: [
    'packages/embedded',
    'packages/store',
    'scripts/backup',
    'scripts/bench',
    'scripts/docker',
    'scripts/fleet',
    'scripts/hostile',
    'scripts/leaks',
    'scripts/protocol-fuzz',
    'scripts/replica-set',
    'apps/worker/bench',
  ],
  'mongodb-memory-server-core': 'packages/embedded',
  testcontainers: 'packages/embedded',
  // A bench compares downloads with bare GETs.
  axios: ['packages/ehr/src/client', 'packages/base/src/egress', 'packages/webhooks', 'apps/worker/bench'],
  'axios-retry': 'packages/ehr/src/client',
  // For EHRs, and for people who log in.
  'openid-client': ['packages/ehr/src/client', 'packages/access'],
  'stream-json': 'packages/ehr/src/client',
  pino: 'packages/base/src/runtime',
  '@prometheus-io/client': 'packages/base/src/runtime',
  '@opentelemetry': 'packages/base/src/runtime',
  '@aws-sdk': 'packages/base/src/encryption',
  express: ['apps', 'packages/http'],
  // Requests for stored data.
  httpxy: 'apps/api',
};

const ours = '^((?:apps|packages)/[^/]+|scripts)/';
// A bench of an app runs in a process of that app (`*.probe.ts`), which scripts/bench starts, because only the app can
// import the use cases and processors that are measured. Like tests, it is not shipped.
const testCode = '^packages/testing/|/testing/|^apps/[^/]+/(?:src/)?(?:bench|test)/|[.](?:test|fixture)[.]ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(declared).flatMap(toLayerRules),
    ...Object.entries(owners).map(toOwnerRule),
    ...Object.entries(folders).flatMap(toFolderRules),
    {
      name: 'audit-below-access',
      comment: 'The log of who did what knows no feature.',
      from: { path: '^packages/access/src/audit/', pathNot: testCode },
      to: { path: '^packages/access/src/(?!audit/)' },
    },
    {
      name: 'bson-below-store',
      comment: 'It writes bytes and knows no database.',
      from: { path: '^packages/store/src/bson/', pathNot: testCode },
      to: { path: '^packages/store/src/(?!bson/)' },
    },
    {
      name: 'bulk-server-above-fhir',
      comment: 'The half of a server uses the data types, which know neither half.',
      from: { path: '^packages/fhir/src/(?!bulk-server/)', pathNot: testCode },
      to: { path: '^packages/fhir/src/bulk-server/' },
    },
    {
      name: 'mongoose-only-in-repositories',
      comment: 'Records are read and written by the repositories of their feature. Commands and steps call those.',
      from: {
        path: [
          `^(?!packages/(?:${['store', 'system', ...features].join('|')})/)`,
          ...inSubject(`${commandFolders}|${stepFolders}`),
        ],
        // The folder `read` of the resources has their repository, in parts.
        pathNot: ['[.]repository[.]ts$', '^packages/records/src/resources/read/'],
      },
      to: { path: '(?:^|/)node_modules/mongoose/|^mongoose(?:/|$)', pathNot: '^(?:apps|packages|scripts)/' },
    },
    {
      name: 'only-steps-talk-to-an-ehr',
      comment:
        'Commands are called by the API, which never talks to an EHR. The repository of tokens implements an interface of the client, and `import-deps` says what all steps of imports get.',
      from: {
        path: `^packages/(?:${features.join('|')})/`,
        pathNot: [
          testCode,
          ...inSubject(stepFolders),
          stepEntry,
          '^packages/connections/src/access-token[.]repository[.]ts$',
          '^packages/imports/src/import-deps[.]ts$',
        ],
      },
      to: { path: '^packages/ehr/src/client/' },
    },
    {
      name: 'commands-do-not-take-steps',
      comment:
        'A command stores a record and enqueues a job (`jobs.ts`). A worker binds the job to its work (`x.job.ts`), which the API does not load.',
      from: { path: inSubject(commandFolders), pathNot: testCode },
      to: {
        path: [...inSubject(stepFolders), stepEntry],
        pathNot: '/[^/]+[.](?:record|repository)[.]ts$',
      },
    },
    ...Object.entries(acts).flatMap(([subject, names]) =>
      names
        .filter((name) => name !== 'start')
        .map((name) => ({
          name: `acts-import-no-act-${subject.split('/').at(-1)}-${name}`,
          comment:
            'Acts talk by jobs and share only the record. What several acts use stands at the root of the subject.',
          from: { path: `^packages/${subject}/${name}/`, pathNot: testCode },
          to: { path: `^packages/${subject}/(?:${names.filter((other) => other !== name).join('|')})/` },
        })),
    ),
    {
      name: 'every-folder-has-a-layer',
      comment: 'A new app or package needs a list of allowed imports: add it to `layers` in .dependency-cruiser.mjs.',
      from: { path: '^(?:apps|packages)/', pathNot: Object.keys(layers).map((folder) => `^${folder}/`) },
      to: {},
    },
    {
      name: 'api-never-talks-to-an-ehr',
      comment:
        'The API and `serve` answer from what workers stored. An EHR client in them would spend the request budget outside of any ' +
        'job. The provider registry is data and has a package of its own.',
      from: { path: '^(?:apps/(?:api|serve)|packages/http)/' },
      to: { path: '^packages/ehr/src/client/' },
    },
    {
      name: 'apps-are-not-imported',
      comment: 'An app is a separate process. Only tests run one in their own process (next rule).',
      from: { path: ours, pathNot: testCode },
      to: { path: '^apps/', pathNot: '^$1/' },
    },
    {
      name: 'tests-import-the-simulator-only',
      comment:
        'The simulator is the other side of the wire for every test. The worker also tests a whole system: with the API. The API tests what is behind its address: with `serve`.',
      from: { path: `^(?=.*(?:${testCode}))(?!apps/(?:worker|api)/)((?:apps|packages)/[^/]+|scripts)/` },
      to: { path: '^apps/', pathNot: ['^$1/', '^apps/ehr-simulator/'] },
    },
    {
      name: 'serve-has-no-queue',
      comment:
        'What reads stored data enqueues nothing, so that it can end without a consequence for the night. Redis only counts its requests.',
      from: { path: '^(?:apps/serve/|packages/system/src/(?:serving|store)[.]ts|packages/http/)', pathNot: testCode },
      to: { path: '^packages/queues/src/', pathNot: '/redis[.]ts$' },
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
      comment: 'A devDependency is missing where the package is deployed. Make it a dependency, or do without.',
      // Packages that build an app are not deployed with it.
      from: { path: ours, pathNot: [testCode, '[.]config[.]ts$', ...bundled.map((folder) => `^${folder}/`)] },
      to: { dependencyTypes: ['npm-dev'] },
    },
    {
      name: 'no-undeclared-dependency',
      comment:
        'It resolves here only because of hoisting. Declare it in the package.json of the package that imports it.',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-unresolvable-import',
      comment: 'The target does not exist: a typing error, an undeclared package, or a missing install.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'packages-through-their-exports',
      comment: 'A package may change what it does not export. Import it through its exports, not by a path.',
      from: { path: ours },
      to: {
        path: '^(?:apps|packages)/[^/]+/src/',
        pathNot: ['^$1/', '/src/index[.]ts$', `^(?:${entryPoints.join('|')})$`],
      },
    },
    {
      name: 'no-import-of-dist',
      comment:
        'The imports of built files are not followed, so this check would end there. Workspace imports must resolve to sources.',
      from: {},
      to: { path: '^(?:apps/[^/]+|packages/[^/]+|scripts)/dist/' },
    },
    {
      name: 'fhir-does-no-io',
      comment: 'The package is pure: results depend only on arguments. A buffer is data, not I/O.',
      from: { path: '^packages/fhir/src/(?!bulk-server/)', pathNot: testCode },
      to: { dependencyTypes: ['core'], pathNot: '^(?:node:)?buffer$' },
    },
    {
      name: 'bootstrap-needs-nothing-installed',
      comment:
        'scripts/*.mjs run before `pnpm install`, on any version of node, so they may import only node and each other.',
      from: { path: '^scripts/[^/]+[.]mjs$', pathNot: '[.]config[.]mjs$' },
      to: { pathNot: '^scripts/[^/]+[.]mjs$', dependencyTypesNot: ['core'] },
    },
    {
      name: 'no-circular-import',
      comment: 'The load order of a cycle depends on the importer. Move the common part into a third file.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphan',
      comment: 'It imports nothing and no file imports it: it is dead, or loaded by a name that nothing checks.',
      from: { orphan: true },
      to: {},
    },
  ].map((rule) => ({ severity: 'error', ...rule })),
  options: {
    // swc reads sources as they are written, so a type import is a dependency, too: a layer that uses another layer's
    // types cannot be changed alone. (`tsPreCompilationDeps` would do the same, but needs a tsc with an API, which
    // TypeScript 7 does not have.)
    parser: 'swc',
    // VitePress writes and removes them while a test builds the site. No file imports them.
    exclude: { path: ['^scripts/site/\\.vitepress/(?:\\.temp/|config\\.ts\\.timestamp-)'] },
    // Edges to these are checked, but their own imports are not read.
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
  const rule = (options) => {
    const { names, isTest, ...others } = options;
    return {
      ...others,
      comment: `${folder} may import the workspace packages that it declares: ${names.join(', ') || 'nothing'}. A package may declare only those before it in the variable order.`,
      from: isTest ? { path: `^(?=.*(?:${testCode}))${folder}/` } : { path: `^${folder}/`, pathNot: testCode },
      to: {
        path: '^packages/',
        pathNot: [`^${folder}/`, `^packages/(?:${[...names, ...coveredElsewhere].join('|')})/`],
      },
    };
  };
  const rules = [rule({ name: `layer-of-tests-of-${name}`, names: tests, isTest: true })];
  // This whole package is for tests.
  if (folder !== 'packages/testing') rules.push(rule({ name: `layer-of-${name}`, names: production, isTest: false }));
  return rules;
}

function toFolderRules([name, inOrder]) {
  return inOrder.slice(0, -1).map((folder, index) => ({
    name: `order-of-${name}-${folder}`,
    comment: `In packages/${name}, ${folder} is below ${inOrder.slice(index + 1).join(' and ')} (the variable folders).`,
    from: { path: `^packages/${name}/src/${folder}/`, pathNot: testCode },
    to: { path: `^packages/${name}/src/(?:${inOrder.slice(index + 1).join('|')})/` },
  }));
}

function toOwnerRule([name, given]) {
  const [owner, ...others] = [given].flat();
  return {
    name: `${name}-only-in-${owner.split('/').at(-1)}`,
    comment: `${owner} is the only folder that imports ${name}. Use its exports.`,
    from: { pathNot: [owner, ...others].map((folder) => `^${folder}/`) },
    // The path of an installed package, or of an import that is not installed.
    to: { path: `(?:^|/)node_modules/(?:@types/)?${name}/|^${name}(?:/|$)`, pathNot: '^(?:apps|packages|scripts)/' },
  };
}
