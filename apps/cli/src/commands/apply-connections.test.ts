import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { toConnectionsFile } from '../connections-file/read-connections-file.ts';
import { exampleOf, run } from '../run-program.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-cli-apply-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'practices.yaml');

const plan = { version: 'v', changes: [], others: [], faults: [], lastTest: 'ok' };
const success = (data: unknown) => ({ body: { success: true, data } });
const failure = (status: number, code: string) => ({
  status,
  body: { success: false, error: { code, message: `It is ${code}.` } },
});

type Answers = NonNullable<Parameters<typeof run>[0]['answers']>;

async function apply(options: {
  readonly text: string;
  readonly plans?: readonly object[];
  readonly args?: readonly string[];
  readonly answers?: Answers;
  /** Answers from the first apply on. */
  readonly afterFirst?: Answers;
}) {
  const { text, plans = [], args = ['--yes'], afterFirst } = options;
  writeFileSync(file, text);
  const planConnections = success({ plans: plans.map((change) => ({ ...plan, ...change })) });
  const answers = { planConnections, ...options.answers };
  const { calls, ...result } = await run({
    args: ['connections', 'apply', file, ...args],
    answers,
    beforeAnswer: async (id) => void (id === 'applyConnection' && Object.assign(answers, afterFirst)),
  });
  return { ...result, calls: calls.map(({ id, sent, search }) => ({ id: `${id}${search}`, sent })) };
}

const two = 'connections:\n  A: {}\n  B: {}\n';

test('a mistake that the API finds is shown with its line, and nothing is changed', async () => {
  const faults = [{ path: 'provider', message: 'is required' }];
  const { exitCode, stderr, calls } = await apply({ text: two, plans: [{}, { faults }] });
  expect([exitCode, stderr]).toEqual([
    2,
    `${file} has a mistake. Nothing was changed.\n  line 3: B: provider is required\n`,
  ]);
  expect(calls.map(({ id }) => id)).toEqual(['planConnections', 'countConnections', 'listConnections?limit=1000']);
});

test('a mistake in the file is shown before anything is sent, and at most 100 are', async () => {
  const wrong = Array.from({ length: 120 }, (_, index) => `  N${index}: 1\n`).join('');
  const { exitCode, stderr, calls } = await apply({ text: `connections:\n${wrong}` });
  expect([exitCode, calls]).toEqual([2, []]);
  expect(stderr).toContain(
    'has 120 mistakes. Nothing was changed. These are the first 100, and --json lists all of them.',
  );
  expect(stderr.match(/line \d+: N\d+ must have fields/g)).toHaveLength(100);
  const asJson = await apply({ text: `connections:\n${wrong}`, args: ['--yes', '--json'] });
  expect(JSON.parse(asJson.stderr).error.details).toHaveLength(120);
});

test('two entries for the same practice are a mistake of the file', async () => {
  const { stderr } = await apply({ text: two, plans: [{ purpose: 'p' }, { purpose: 'p' }] });
  expect(stderr).toContain('line 3: B: practiceId is for the same practice, Group or server as A in line 2.');
});

test('nothing is sent to change a deployment that is as the file describes it', async () => {
  const { exitCode, stdout, calls } = await apply({ text: two, plans: [{ id: 'conn_1' }, { id: 'conn_2' }] });
  expect([exitCode, calls.map(({ id }) => id)]).toEqual([
    0,
    ['planConnections', 'countConnections', 'listConnections?limit=1000'],
  ]);
  expect(stdout).toMatch(/^unchanged: 2$/m);
});

test('a dry run shows the plan with what the file does not have, and changes nothing', async () => {
  const listConnections = success([{ name: 'A' }, { name: 'Old' }]);
  const { exitCode, stdout, calls } = await apply({
    text: two,
    plans: [{ id: 'conn_1', changes: ['credentials'], others: ['cohort c'] }, { changes: ['create', 'webhook'] }],
    args: ['--dry-run', '--yes'],
    answers: { listConnections },
  });
  expect(exitCode).toBe(0);
  expect(stdout.split('\n')).toEqual([
    'connections to create: 1',
    '  B: create, webhook',
    'connections to change: 1',
    '  A: credentials',
    'unchanged: 0',
    'not in the file, and left as they are: 2',
    '  Old',
    '  A: cohort c',
    '',
  ]);
  expect(calls.map(({ id }) => id)).toEqual(['planConnections', 'countConnections', 'listConnections?limit=1000']);
});

test('what was changed is tested, and so is what has not passed its test', async () => {
  const plans = [{ id: 'conn_1', lastTest: 'failed' }, { changes: ['create'] }];
  const { exitCode, stdout, stderr, calls } = await apply({ text: two, plans });
  expect(exitCode).toBe(1);
  const tests = ['getConnection', 'testConnection'];
  expect(calls.map(({ id }) => id).toSorted()).toEqual(
    [
      'planConnections',
      'countConnections',
      'listConnections?limit=1000',
      'applyConnection',
      ...tests,
      ...tests,
    ].toSorted(),
  );
  expect(stdout).toMatch(/^applied: 1\ntested: 2\nfailed: 2\n\nconnection +step +code +what to do\n/m);
  expect(stderr).toContain('2 of 2 tested connections do not work.');
  const untested = await apply({ text: two, plans, args: ['--yes', '--no-test'] });
  expect([untested.exitCode, untested.calls.at(-1)?.id]).toEqual([0, 'applyConnection']);
});

test('a connection that another apply has changed is a failure unless it is as it should be', async () => {
  const answers = { applyConnection: failure(409, 'connection-changed-meanwhile') };
  const text = 'connections: { A: {} }';
  const other = await apply({ text, plans: [{ id: 'conn_1', changes: ['origins'] }], answers });
  expect([other.exitCode, other.stderr]).toEqual([
    6,
    expect.stringContaining('Connections that were not changed: 1. Run'),
  ]);
  const calls = other.calls.map(({ id }) => id);
  expect(calls.filter((id) => id === 'planConnections')).toHaveLength(2);
  const plans = [{ id: 'conn_1', changes: ['origins'] }];
  const same = await apply({
    text,
    plans,
    answers,
    afterFirst: { planConnections: success({ plans: [{ ...plan, id: 'conn_1' }] }) },
  });
  expect([same.exitCode, same.stdout]).toEqual([1, expect.stringMatching(/^applied: 1\ntested: 1$/m)]);
});

test('an apply ends at once if the API is unavailable, and says so', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `N${index}`);
  const { exitCode, calls } = await apply({
    text: `connections: { ${names.map((name) => `${name}: {}`).join()} }`,
    plans: names.map(() => ({ changes: ['create'] })),
    answers: { applyConnection: failure(503, 'unavailable') },
  });
  expect(exitCode).toBe(5);
  expect(calls.filter(({ id }) => id === 'applyConnection')).toHaveLength(8);
});

test('an export is a file that an apply takes, without secrets', async () => {
  const { stdout } = await run({ args: ['connections', 'export', '--cohorts'] });
  const { connections } = parse(stdout);
  const [entry] = Object.values(connections) as [Record<string, object>];
  expect(entry).toMatchObject({ provider: 'athenahealth', cohorts: { diabetes: { patients: ['p1', 'p2'] } } });
  expect(stdout).not.toMatch(/secret/i);
});

test('an export can be read again, whatever the names of its connections are', async () => {
  const names = ['*a', 'yes', 'a: b', '# c', '"d"', '-', '42', 'e\u200df', '{}', '__proto__', 'null', "o'g", '!h'];
  const { data } = exampleOf('listConnections') as { readonly data: readonly object[] };
  const listConnections = success(names.map((name) => ({ ...data[0], name })));
  const { stdout } = await run({ args: ['connections', 'export'], answers: { listConnections } });
  const { entries, mistakes } = toConnectionsFile(stdout, { env: {}, folder });
  expect([entries.map(({ name }) => name).toSorted(), mistakes]).toEqual([names.toSorted(), []]);
});

test('what is stored is not listed if the file has all of it', async () => {
  const countConnections = success({ total: 2 });
  const plans = [{ id: 'conn_1' }, { id: 'conn_2' }];
  const { calls } = await apply({ text: two, plans, answers: { countConnections } });
  expect(calls.map(({ id }) => id)).toEqual(['planConnections', 'countConnections']);
});
