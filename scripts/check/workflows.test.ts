import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

interface Workflow {
  readonly permissions?: unknown;
  readonly concurrency?: unknown;
  readonly jobs: Readonly<Record<string, { readonly 'timeout-minutes'?: number; readonly steps: readonly Step[] }>>;
}

const root = join(import.meta.dirname, '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const { scripts, packageManager } = JSON.parse(read('package.json'));
const pinned = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/;
const pinnedWithVersion = /uses: \S+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;
const workflows = globSync('.github/workflows/*', { cwd: root });

/** Returns what is wrong with the command of a step, or undefined. */
function commandFault(command: string): string | undefined {
  if (/[;&|<>`$]/.test(command)) return `"${command}" is more than one command, which belongs in a script`;
  const [, file] = /^node (\S+)/.exec(command) ?? [];
  if (file) return existsSync(join(root, file)) ? undefined : `${file} does not exist`;
  const [, manager, script] = /^(?:npx -y (\S+)|npm)(?: run)? ([\w:-]+)/.exec(command) ?? [];
  if (!script) return `"${command}" runs neither a file of the repository nor a script of package.json`;
  if (manager && manager !== packageManager) return `${manager} is not ${packageManager}, the version of package.json`;
  return Object.hasOwn(scripts, script) ? undefined : `package.json has no script "${script}"`;
}

function faultsOf(text: string): string[] {
  const { permissions, concurrency, jobs }: Workflow = parse(text);
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  const lines = steps.flatMap(({ run = '' }) => run.split('\n')).filter(Boolean);
  const actions = steps.flatMap(({ uses }) => uses ?? []);
  const versions = text.split('\n').filter((line) => pinnedWithVersion.test(line));
  return [
    ...(permissions ? [] : ['it has no permissions, so it gets the default ones of the repository']),
    ...(concurrency ? [] : ['it has no concurrency group']),
    ...Object.entries(jobs).flatMap(([job, options]) => (options['timeout-minutes'] ? [] : [`${job} has no timeout`])),
    ...actions.filter((action) => !pinned.test(action)).map((action) => `${action} is not pinned by a commit`),
    ...(versions.length < actions.length ? ['a pinned action has no comment with its version'] : []),
    ...lines.flatMap((line) => commandFault(line) ?? []),
  ];
}

test('the search for workflows finds those of the repository', () => {
  expect(workflows.length).toBeGreaterThan(2);
});

test.each(workflows)('%s runs only scripts of the repository, pins its actions and bounds its jobs', (file) => {
  expect(faultsOf(read(file))).toEqual([]);
});

test('the test of workflows reports each fault of a workflow', () => {
  const steps = [
    { uses: 'actions/checkout@v7' },
    { run: 'npm test -- --docker\nnpm run removed-script' },
    { run: 'node scripts/removed.mjs' },
    { run: 'npx -y pnpm@1.2.3 run check' },
    { run: 'npm test && npm publish' },
    { run: 'docker build .' },
  ];
  expect(faultsOf(JSON.stringify({ jobs: { build: { steps } } }))).toEqual([
    'it has no permissions, so it gets the default ones of the repository',
    'it has no concurrency group',
    'build has no timeout',
    'actions/checkout@v7 is not pinned by a commit',
    'a pinned action has no comment with its version',
    'package.json has no script "removed-script"',
    'scripts/removed.mjs does not exist',
    `pnpm@1.2.3 is not ${packageManager}, the version of package.json`,
    '"npm test && npm publish" is more than one command, which belongs in a script',
    '"docker build ." runs neither a file of the repository nor a script of package.json',
  ]);
});
