import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { createProgram, groups, singleCommands } from './create-program.ts';
import { exampleOf, operations, run, toArgs } from './run-program.fixture.ts';
import { ParquetFileWriter } from './table-folder/parquet-file.ts';

const lines = [...groups.flatMap(({ commands }) => commands), ...singleCommands].flatMap(
  (definition) => definition.examples,
);

const previousFolder = process.cwd();
const folder = mkdtempSync(join(tmpdir(), 'bulkhead-cli-examples-'));
process.chdir(folder);
writeFileSync('line.json', '{}');
writeFileSync('body.json', '{}');
writeFileSync('key.pem', 'x');
writeFileSync('view.json', '{}');
mkdirSync('views');
writeFileSync('facts.json', '{}');
writeFileSync('my-server.json', '{}');
writeFileSync('patients.txt', 'p1\np2\n');
writeFileSync(
  'practices.yaml',
  'connections: { Example practice: { provider: athenahealth, auth: { method: none } } }',
);
writeFileSync('jwks.json', '{"keys":[]}');
afterAll(() => {
  process.chdir(previousFolder);
  rmSync(folder, { recursive: true, force: true });
});

/** `tables follow` reads Parquet, and no text can be an example of it. */
const parquetFile = join(folder, 'example.parquet');
new ParquetFileWriter(parquetFile, [
  { name: 'root', num_children: 2 },
  { name: 'connection_id', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL', converted_type: 'UTF8' },
  { name: 'patient_id', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL', converted_type: 'UTF8' },
]).end();
const body = readFileSync(parquetFile);
const parquet = { readTable: { body }, readViewTable: { body } };

/** The documented examples of these operations are of a failed test, a line that cannot be stored, and a deployment with faults. */
const failedTest = exampleOf('testConnection') as { readonly data: object };
const rejectedLine = exampleOf('replayQuarantinedLine') as { readonly data: object };
const report = exampleOf('getHealthReport') as { readonly data: object };
const answers = {
  testConnection: { body: { success: true, data: { ...failedTest.data, ok: true } } },
  testDraft: { body: { success: true, data: { ...failedTest.data, ok: true } } },
  replayQuarantinedLine: { body: { success: true, data: { ...rejectedLine.data, state: 'replayed' } } },
  getHealthReport: { body: { success: true, data: { ...report.data, severity: 'ok', problems: [], checks: [] } } },
};

const answersOf = (line: string) => (line.startsWith('tables follow') ? { ...answers, ...parquet } : answers);

test.each(lines)('`bulkhead %s` succeeds and prints a result', async (line) => {
  const { exitCode, stderr, calls } = await run({ args: toArgs(line), answers: answersOf(line) });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(calls.length).toBeGreaterThan(0);
});

test.each(lines)('`bulkhead %s --json` prints only JSON', async (line) => {
  const { exitCode, stdout, stderr } = await run({ args: [...toArgs(line), '--json'], answers: answersOf(line) });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const isContent = /^(?:api|resources get|tables get|quarantine line)/.test(line);
  if (stdout !== '' && !isContent) JSON.parse(stdout);
});

/** The lists that an API without data returns. */
const lists = operations.filter(({ example }) =>
  Array.isArray((example as { readonly data?: unknown } | undefined)?.data),
);
const listing = lines.filter(
  (line) => !/--(?:watch|json)/.test(line) && !/^doctor|^api|^tables follow|connections (?:test|apply)/.test(line),
);

test('no option of a command has the name of an option that every command has, because it would get its value', () => {
  const { stdin, stdout, stderr } = process;
  const program = createProgram({ stdin, stdout, stderr, env: {}, fetch });
  const namesOf = (command: Command): string[] => command.options.map((option) => option.attributeName());
  const common = namesOf(program);
  const commands = program.commands.flatMap((command) => [command, ...command.commands]);
  expect(commands.filter((command) => namesOf(command).some((name) => common.includes(name)))).toEqual([]);
});

test('every list says that it is empty, and most name the command that creates the first entry', async () => {
  const empty = Object.fromEntries(lists.map(({ id }) => [id, { body: { success: true, data: [] } }]));
  const runs = await Promise.all(
    listing.map(async (line) => ({ line, ...(await run({ args: toArgs(line), answers: empty })) })),
  );
  const lister = runs.filter(({ calls }) => calls.length === 1 && lists.some(({ id }) => id === calls[0]?.id));
  expect(lister.length).toBeGreaterThan(10);
  for (const { line, exitCode, stdout, stderr } of lister) {
    expect({ line, exitCode, stdout }).toEqual({ line, exitCode: 0, stdout: '' });
    expect(stderr).toMatch(/^(?:No |The ).*[^\n]\n$/);
  }
  expect(runs.find(({ line }) => line === 'export list')?.stderr).toBe(
    'No exports. Start one with: bulkhead export start --connection ID\n',
  );
});

test.each(['export list --status FAILED', 'quarantine list --state replayed', 'quarantine list --connection conn_1'])(
  '`bulkhead %s` does not say that there are no entries at all if none matches',
  async (line) => {
    const nothing = { body: { success: true, data: [] } };
    const answers = { listBulkExports: nothing, listQuarantinedLines: nothing };
    const { stderr } = await run({ args: toArgs(line), answers });
    expect(stderr).toMatch(/^No (?:exports|quarantined lines) (?:have this status|match)\. Leave out /);
  },
);

test('a list that has another page names its cursor on the standard error, as JSON with --json', async () => {
  const { data } = exampleOf('listErasures') as { readonly data: readonly object[] };
  const answers = { listErasures: { body: { success: true, data, next: 'erase_1' } } };
  const args = ['erasures', 'list'];
  expect((await run({ args, answers })).stderr).toBe('There are more. To see the next ones, add --cursor erase_1\n');
  const { stdout, stderr } = await run({ args: [...args, '--json'], answers });
  expect([stdout, stderr].map((text) => JSON.parse(text))).toEqual([data, { next: 'erase_1' }]);
});

test.each(['resources search Observation', 'resources get --types Observation'])(
  '`bulkhead %s` sends a filter that is given twice as two, because a resource must match both',
  async (line) => {
    const period = '--last-updated ge2026-01-01 --last-updated lt2026-02-01';
    const { calls } = await run({ args: toArgs(`${line} --connection conn_1 ${period}`) });
    const sent = new URLSearchParams(calls[0]?.search);
    expect(sent.getAll('_lastUpdated')).toEqual(['ge2026-01-01', 'lt2026-02-01']);
  },
);

test('a search that has another page names its cursor on the standard error', async () => {
  const link = [{ relation: 'next', url: 'http://127.0.0.1:3000/Patient?connectionId=conn_1&_cursor=WyJ4' }];
  const answers = { searchResources: { body: { resourceType: 'Bundle', type: 'searchset', link } } };
  const { stderr } = await run({ args: ['resources', 'search', 'Patient', '--connection', 'conn_1'], answers });
  expect(stderr).toContain('There are more. To see the next ones, add --cursor WyJ4\n');
});

test('an empty list is an empty array with --json', async () => {
  const none = { listBulkExports: { body: { success: true, data: [] } } };
  const { stdout, stderr } = await run({ args: ['export', 'list', '--json'], answers: none });
  expect({ stdout, stderr }).toEqual({ stdout: '[]\n', stderr: '' });
});

const signedUrl = `https://files.example/1.ndjson?signature=${'s'.repeat(3000)}`;
const { data: completed } = exampleOf('getBulkExport') as { readonly data: Readonly<Record<string, unknown>> };
const failedExport = {
  ...completed,
  status: 'FAILED',
  outputUrls: [signedUrl],
  errorCode: 'export-failed-at-ehr',
  errorMessage: `The EHR answered ${signedUrl}`,
  ehrText: 'x'.repeat(5000),
  warnings: [{ code: 'server-issues', message: 'The EHR reported errors.' }],
};
const withFailedExport = { getBulkExport: { body: { success: true, data: failedExport } } };

test('the summary of an export begins with the id and the status, and ends with the next commands', async () => {
  const { stdout } = await run({ args: ['export', 'show', 'job_1'], answers: withFailedExport });
  expect(stdout).toMatch(new RegExp(`^${completed.id}  FAILED\n\nconnection +conn_\\w+\n`));
  expect(stdout).toContain('\nWarnings\n  Server issues: The EHR reported errors.\n');
  expect(stdout).toMatch(
    new RegExp(
      `\n\nNext\n  bulkhead export files ${completed.id}\n  bulkhead export events ${completed.id}\n  bulkhead export retry ${completed.id}\n$`,
    ),
  );
});

test('the summary of an export shows no signature of a link and no long text, which --json does', async () => {
  const { stdout } = await run({ args: ['export', 'show', 'job_1'], answers: withFailedExport });
  expect(stdout).toContain('error            The EHR answered https://files.example/1.ndjson?…');
  expect(stdout).not.toContain('ssss');
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThan(400);
  const asJson = await run({ args: ['export', 'show', 'job_1', '--json'], answers: withFailedExport });
  expect(JSON.parse(asJson.stdout)).toEqual(failedExport);
});

const confirmed = lines.filter((line) => line.endsWith('--yes'));

test('every command that deletes something asks first', async () => {
  const runs = await Promise.all(lines.map(async (line) => ({ line, ...(await run({ args: toArgs(line) })) })));
  const deleting = runs.filter(({ calls }) => calls.some(({ method }) => method === 'DELETE')).map(({ line }) => line);
  // These delete no data.
  const harmless = /^(?:export cancel|sync cancel|patients let-in)/;
  // These delete nothing. One has no way back for all of its lines, and two change a whole deployment.
  const others = /^quarantine dismiss|connections apply|schedules spread/;
  const asking = confirmed.filter((line) => !others.test(line));
  expect(deleting.filter((line) => !harmless.test(line))).toEqual(asking);
});

test.each(confirmed)('`bulkhead %s` without --yes changes nothing if no person can be asked', async (line) => {
  const { exitCode, stderr, calls } = await run({ args: toArgs(line).slice(0, -1) });
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^Nothing was \w+\. Add --yes to .+\n$/);
  expect(calls.filter(({ id, method }) => method !== 'GET' && id !== 'planConnections')).toEqual([]);
});

test.each([
  { types: 'y\n', exitCode: 0, calls: ['deleteSchedule'] },
  { types: 'n\n', exitCode: 2, calls: [] },
  { types: '\n', exitCode: 2, calls: [] },
  { types: '', exitCode: 2, calls: [] },
])('a person who types $types deletes a schedule with exit code $exitCode', async ({ types, exitCode, calls }) => {
  const ended = await run({ args: ['schedules', 'delete', 'sched_1'], types });
  expect(ended).toMatchObject({ exitCode, calls: calls.map((id) => expect.objectContaining({ id })) });
  expect(ended.stderr).toContain('This will delete the schedule sched_1. Continue? [y/N] ');
});

test.each([
  { types: 'patient_1\n', exitCode: 0 },
  { types: 'y\n', exitCode: 2 },
])(
  'a person who types $types instead of the id erases a patient with exit code $exitCode',
  async ({ types, exitCode }) => {
    const ended = await run({ args: ['patients', 'erase', 'patient_1', '--connection', 'conn_1'], types });
    expect(ended.exitCode).toBe(exitCode);
    expect(ended.calls.map(({ id }) => id)).toEqual(
      exitCode === 0 ? ['countPatientData', 'erasePatient'] : ['countPatientData'],
    );
  },
);

test('--json asks no question, also on a terminal', async () => {
  const { exitCode, stderr } = await run({ args: ['schedules', 'delete', 'sched_1', '--json'], types: 'y\n' });
  expect([exitCode, JSON.parse(stderr)]).toEqual([
    2,
    { error: { code: 'not-confirmed', message: 'Nothing was deleted. Add --yes to delete the schedule sched_1.' } },
  ]);
});
