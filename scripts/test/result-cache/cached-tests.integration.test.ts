import { copyFileSync, mkdirSync, mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { captureCommand } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { createRandom } from '../../random.ts';
import { emptyReport, type JestReport } from '../count-tests.ts';
import { addCached, CachedTests } from './cached-tests.ts';
import { Project } from './project.ts';
import { staticImports } from './static-imports.fixture.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const recorder = 'scripts/test/result-cache/record-inputs.preload.mjs';
const config = join(root, 'scripts', 'jest.config.mjs');
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');

interface Run {
  readonly folder: string;
  readonly files: readonly string[];
  readonly cached: CachedTests;
}

/** Runs what is not cached, as `npm test` does. @returns what ran, and the state of each test */
async function run({ folder, files, cached }: Run) {
  const found = cached.find(files);
  const remaining = files.filter((file) => !found.has(file));
  if (remaining.length > 0) {
    const outputFile = join(cached.inputsFolder, 'report');
    const options = ['--config', config, '--rootDir', folder, '--json', '--outputFile', outputFile];
    const paths = remaining.map((file) => join(folder, file));
    const roots = folder === root ? [] : ['--roots', folder];
    const command = [process.execPath, `--import=${join(folder, recorder)}`, jest, ...options, ...roots];
    const env = { ...process.env, BULKHEAD_INPUTS_FOLDER: cached.inputsFolder };
    await captureCommand({ command: [...command, '--runInBand', '--runTestsByPath', ...paths], env, cwd: folder });
    const report = JSON.parse(readFileSync(outputFile, 'utf8')) as JestReport;
    cached.store(report);
    return { ran: remaining, report: addCached(report, found, folder) };
  }
  return { ran: remaining, report: addCached(emptyReport, found, folder) };
}

/** A project with tests of its own. */
async function makeProject(files: Readonly<Record<string, string>>) {
  const temporary = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-cached-'));
  const folder = join(temporary.path, 'project');
  const write = (changed: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(changed)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  };
  write({ 'package.json': '{ "type": "module" }', ...files });
  mkdirSync(dirname(join(folder, recorder)), { recursive: true });
  for (const file of [recorder, recorder.replace('.preload', '')]) copyFileSync(join(root, file), join(folder, file));
  await captureCommand({ command: ['git', 'init', '--quiet'], env: process.env, cwd: folder });
  const options = { engines: 'one', hasDocker: false, folder: join(temporary.path, 'cache') };
  const tests = Object.keys(files).filter((name) => name.endsWith('.test.ts'));
  const runAll = async (env: NodeJS.ProcessEnv = {}) => {
    using cached = new CachedTests({ project: new Project(folder), env, ...options });
    const { ran, report } = await run({ folder, files: tests, cached });
    const states = report.testResults.flatMap(({ assertionResults }) => assertionResults.map(({ status }) => status));
    return { ran, states: states.toSorted() };
  };
  return { write, runAll, [Symbol.dispose]: () => temporary.remove() };
}

const head = `import { expect, test } from '@jest/globals';\n`;

test('a file that passed runs again only after a change of what it depends on, and one that failed or was skipped always', async () => {
  using project = await makeProject({
    'helper.ts': `import { readFileSync } from 'node:fs';
      export const shared = readFileSync(new URL('page.md', import.meta.url), 'utf8'); // TOKEN`,
    'page.md': 'a page',
    'program.mjs': `import { one } from './part.mjs'; process.exit(one - 1);`,
    'part.mjs': 'export const one = 1;',
    'a.test.ts': `${head}import { shared } from './helper.ts';\n test('reads', () => expect(shared).toMatch(/page/));`,
    'b.test.ts': `${head}import { shared } from './helper.ts';\n test('reads too', () => expect(shared).toMatch(/page/));`,
    'c.test.ts': `${head}import { spawnSync } from 'node:child_process';
      test('starts', () => expect(spawnSync(process.execPath, [import.meta.dirname + '/program.mjs'], { env: {} }).status).toBe(0));`,
    'd.test.ts': `${head}import { spawnSync } from 'node:child_process';
      test('lists', () => expect(spawnSync('setpriv', ['--pdeathsig', 'TERM', 'ls'])).toBeDefined());`,
    'failing.test.ts': `${head}test('fails', () => expect(1).toBe(2));`,
    'skipped.test.ts': `${head}test('passes', () => undefined); test.skip('is skipped', () => undefined);`,
  });
  const always = ['failing.test.ts', 'skipped.test.ts'];
  const states = ['failed', 'passed', 'passed', 'passed', 'passed', 'passed', 'pending'];
  const first = await project.runAll();
  expect(first).toEqual({ ran: ['a.test.ts', 'b.test.ts', 'c.test.ts', 'd.test.ts', ...always], states });
  expect(await project.runAll()).toEqual({ ran: always, states });
  // Only the program that may read everything depends on a file that nothing else names, and on a comment.
  project.write({ 'other.txt': '1', 'part.mjs': 'export const one = 1; // a comment' });
  expect((await project.runAll()).ran).toEqual(['d.test.ts', ...always]);
  // The second file of a process reads nothing itself, because the helper is loaded already.
  project.write({ 'page.md': 'another page' });
  expect((await project.runAll()).ran).toEqual(['a.test.ts', 'b.test.ts', 'd.test.ts', ...always]);
  project.write({ 'part.mjs': 'export const one = 2;' });
  const broken = await project.runAll();
  expect(broken.ran).toEqual(['c.test.ts', 'd.test.ts', ...always]);
  expect(broken.states.filter((state) => state === 'failed')).toHaveLength(2);
  // A failure is not remembered, and what passed before is forgotten.
  project.write({ 'part.mjs': 'export const one = 1;' });
  expect((await project.runAll()).ran).toEqual(['c.test.ts', 'd.test.ts', ...always]);
  // A variable counts for the tests whose modules name it.
  project.write({ 'helper.ts': readFileText });
  expect((await project.runAll({ TOKEN: '1' })).ran).toEqual(['a.test.ts', 'b.test.ts', 'd.test.ts', ...always]);
  expect((await project.runAll({ TOKEN: '2' })).ran).toEqual(['a.test.ts', 'b.test.ts', ...always]);
});

const readFileText = `import { readFileSync } from 'node:fs';
  export const shared = readFileSync(new URL('page.md', import.meta.url), 'utf8') + (process.env.TOKEN ?? '');`;

/** One or two of each layer, and what each one depends on beside its imports. */
const sample: Readonly<Record<string, readonly string[]>> = {
  'packages/fhir/src/search/search-keys.test.ts': ['packages/fhir/src/search/reference-parameters.fixture.txt'],
  'packages/monitoring/src/health/rules.test.ts': ['docker/prometheus/rules.yml'],
  'packages/monitoring/src/health/dashboard.test.ts': ['docker/grafana/dashboards/overview.json'],
  'packages/ehr/src/providers/requested-scope.test.ts': ['docs/providers.md'],
  'packages/connections/src/tests/tokens.integration.test.ts': [
    'packages/connections/src/testing/read-once.process.ts',
    'apps/ehr-simulator/src/index.ts',
  ],
  'apps/cli/src/commands/doctor.test.ts': ['apps/cli/package.json'],
  'apps/worker/test/worker/env.documented.test.ts': ['docs/env.md'],
  'apps/worker/test/worker/main.integration.test.ts': ['apps/worker/dist/main.program.js'],
  'scripts/docs/errors.test.ts': [
    'docs/errors.md',
    'packages/client/src/code-texts.json',
    'packages/new/src/errors.ts',
  ],
  'scripts/docs/stated-facts.test.ts': ['README.md', 'docker/kubernetes/base/worker/worker.yaml', 'docs/tables.md'],
  'scripts/docker/compose-variables.test.ts': ['docker/compose.yaml'],
  'scripts/check/workflows.test.ts': ['.github/workflows/test.yml'],
};
const ofAll = ['pnpm-lock.yaml', 'scripts/jest.config.mjs', 'scripts/test/native-runtime.mjs'];

test('each of 40 planted changes makes the test that depends on the file run, and a comment in a module does not', async () => {
  using temporary = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-planted-'));
  const project = new Project(root);
  using opened = new DisposableStack();
  const open = (changed: Project) =>
    opened.use(
      new CachedTests({ project: changed, env: {}, engines: 'one', hasDocker: false, folder: temporary.path }),
    );
  const files = Object.keys(sample);
  const { report } = await run({ folder: root, files, cached: open(project) });
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  expect(results.filter(({ status }) => status !== 'passed')).toEqual([]);
  expect([...open(project).find(files).keys()]).toEqual(files);

  const random = createRandom(71);
  const all = ofAll.map((file) => ({ file, test: random.pick(files) }));
  const declared = Object.entries(sample).flatMap(([test, inputs]) => inputs.map((file) => ({ file, test })));
  const drawn = Array.from({ length: 40 - all.length - declared.length }, (_, index) => {
    const test = files[index % files.length] as string;
    return { file: random.pick([...staticImports(root, test)]), test };
  });
  const planted = [...all, ...declared, ...drawn];
  const read = (file: string) => (file.startsWith('packages/new/') ? '' : readFileSync(join(root, file), 'latin1'));
  const isFound = ({ file, test }: { readonly file: string; readonly test: string }, text: string) =>
    open(project.with({ [file]: `${read(file)}${text}` }))
      .find([test])
      .has(test);
  const missed = planted.filter((pair) => isFound(pair, '\nthrow new Error("planted");'));
  expect([planted.length, missed]).toEqual([40, []]);
  const modules = drawn.filter(({ file }) => file.endsWith('.ts'));
  expect(modules.filter((pair) => !isFound(pair, '\n// a comment'))).toEqual([]);
});
