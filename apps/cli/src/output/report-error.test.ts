import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasFixedMessage } from '@bulkhead/client';
import { expect, test } from '@jest/globals';
import { documentedErrors, exampleOf, run, toArgs } from '../run-program.fixture.ts';
import { toCommands } from './routes.ts';

const wrong = [
  { line: 'nonsense', says: "unknown command 'nonsense'" },
  { line: 'export nonsense', says: "unknown command 'nonsense'" },
  { line: 'export list --nonsense', says: "unknown option '--nonsense'" },
  {
    line: 'export list --limit many',
    says: "option '--limit <n>' argument 'many' is invalid. It must be a whole number.",
  },
  { line: 'export list --status DONE', says: "argument 'DONE' is invalid. Allowed choices are IN_PROGRESS" },
  { line: 'export list --limit', says: "option '--limit <n>' argument missing" },
  {
    line: 'export start --connections conn_1',
    says: "unknown option '--connections' (Did you mean --connection?)",
  },
  { line: 'export start --connections=conn_1', says: "unknown option '--connections' (Did you mean --connection?)" },
  { line: 'export start', says: "required option '--connection <id>' not specified" },
  { line: 'export show', says: "missing required argument 'id'" },
  { line: 'export show job_1 job_2', says: 'too many arguments' },
];

test.each(wrong)('`bulkhead $line` prints one line, the usage and the command that helps', async ({ line, says }) => {
  const { exitCode, stdout, stderr, calls } = await run({ args: toArgs(line) });
  expect({ exitCode, stdout, calls }).toEqual({ exitCode: 2, stdout: '', calls: [] });
  const [message, usage, help, ...rest] = stderr.split('\n');
  expect(message).toContain(says);
  expect(usage).toMatch(/^Usage: bulkhead /);
  expect(help).toMatch(/^Run `bulkhead .*--help` to see all options\.$/);
  expect(rest).toEqual(['']);
});

test.each([...wrong.map(({ line }) => line), 'export', ''])(
  '`bulkhead %s --json` prints a code and a message as JSON',
  async (line) => {
    const { exitCode, stdout, stderr } = await run({ args: [...toArgs(line), '--json'] });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(JSON.parse(stderr)).toEqual({ error: { code: 'usage', message: expect.stringMatching(/\w+/) } });
  },
);

test.each([
  { args: ['--url', 'nonsense', 'export', 'list'], says: '--url (BULKHEAD_URL) must be a URL' },
  { args: ['--url', 'ftp://bulkhead.example', 'export', 'list'], says: '--url (BULKHEAD_URL) must be a URL' },
  { args: ['--url', 'https://me:secret@bulkhead.example', 'export', 'list'], says: 'without a user' },
  { args: ['--url', 'https://:secret@bulkhead.example', 'export', 'list'], says: 'without a user' },
  { args: ['--key-file', '/nowhere/key', 'export', 'list'], says: '/nowhere/key cannot be opened' },
  { args: ['quarantine', 'replay', '1', '--file', '/nowhere/line'], says: '/nowhere/line cannot be opened' },
  { args: ['audit', 'download', '--out', '/nowhere/file'], says: '/nowhere/file cannot be opened' },
])('the arguments $args exit with 2 and say what is wrong in one line', async ({ args, says }) => {
  const { exitCode, stderr } = await run({ args });
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(says) });
  expect(stderr.trimEnd()).not.toContain('\n');
  const asJson = await run({ args: [...args, '--json'] });
  expect(JSON.parse(asJson.stderr)).toEqual({ error: { code: 'usage', message: expect.stringContaining(says) } });
});

test('a private key that is not valid JSON is not printed, and the message names its file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-cli-key-'));
  const file = join(folder, 'key.json');
  writeFileSync(file, '{"d":"secret"');
  const { exitCode, stderr, calls } = await run({
    args: ['connections', 'create', '--method', 'private_key_jwt', '--scopes', 'v2', '--private-key', file],
  });
  rmSync(folder, { recursive: true, force: true });
  const message = `${file} is not valid JSON. Correct it, and try again.\n`;
  expect({ exitCode, stderr, calls }).toEqual({ exitCode: 2, stderr: message, calls: [] });
});

test('a key that cannot be a key is refused and not printed', async () => {
  const { exitCode, stderr } = await run({ args: ['export', 'list'], env: { BULKHEAD_API_KEY: 'secret key\nä' } });
  expect({ exitCode, stderr }).toEqual({
    exitCode: 3,
    stderr: 'BULKHEAD_API_KEY does not contain an API key. A key is one line without spaces.\n',
  });
});

const unknownExport =
  'No export has this id. Use the `id` from the response that started it. Ended exports are deleted after some time.';
const keyReused = 'This Idempotency-Key was used for a different request. Use a new key for each request.';
const notValid = 'The request is not valid. Correct what `details` lists and send it again.';
const refuse = (status: number, error: object) => ({ status, body: { success: false, error } });

test('an error of the API names an argument as the help does', async () => {
  const details = [{ path: 'patientId', message: 'must be the id of a patient, without `Patient/`' }];
  const answers = { countPatientData: refuse(400, { code: 'invalid-request', message: notValid, details }) };
  const args = ['patients', 'erase', 'Patient/p1', '--connection', 'c', '--dry-run'];
  expect((await run({ args, answers })).stderr).toBe(
    'A value is not valid.\n  id: must be the id of a patient, without `Patient/`\n',
  );
});

test('a page size that the API refuses is named by the option of the command', async () => {
  const details = [{ path: '_count', message: 'must be a whole number from 1 to 1000' }];
  const answers = { searchResources: refuse(400, { code: 'invalid-request', message: notValid, details }) };
  const args = ['resources', 'search', 'Patient', '--connection', 'c', '--limit', '2000'];
  const { exitCode, stderr } = await run({ args, answers });
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: 'A value is not valid.\n  --limit: must be a whole number from 1 to 1000\n',
  });
});

test('the only fault of a request is printed once, with the name of its option', async () => {
  const details = [{ path: 'connectionId', message: 'is too long' }];
  const message = '`connectionId` is too long. Correct it and send the request again.';
  const answers = { startBulkExport: refuse(400, { code: 'invalid-request', message, details }) };
  const { stderr } = await run({ args: ['export', 'start', '--connection', 'c'], answers });
  expect(stderr).toBe('A value is not valid.\n  --connection: is too long\n');
});

test('an error of the API names options instead of fields', async () => {
  const details = [
    { path: 'connectionId', message: 'is too long' },
    { path: 'typeFilters.0', message: 'is an empty list' },
    { path: 'since', message: 'is not a timestamp' },
  ];
  const answers = { startBulkExport: refuse(400, { code: 'invalid-request', message: notValid, details }) };
  const { exitCode, stderr } = await run({ args: ['export', 'start', '--connection', 'c'], answers });
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr:
      'A value is not valid.\n  --connection: is too long\n  --type-filter: is an empty list\n  --since: is not a timestamp\n',
  });
});

test.each([
  {
    args: ['export', 'start', '--connection', 'c'],
    answers: {
      startBulkExport: refuse(409, {
        code: 'export-already-running',
        message: 'It runs.',
        details: { exportId: 'job_1' },
      }),
    },
    expected: { exitCode: 6, stderr: 'It runs. Follow it with `bulkhead export watch job_1`.\n' },
  },
  {
    args: ['export', 'show', 'job_1'],
    answers: { getBulkExport: refuse(404, { code: 'unknown-export', message: unknownExport }) },
    expected: { exitCode: 4, stderr: expect.stringContaining('List the exports with `bulkhead export list`.') },
  },
  {
    args: ['keys', 'list'],
    answers: { listApiKeys: refuse(403, { code: 'forbidden', message: 'This needs an operator.' }) },
    expected: { exitCode: 3, stderr: 'This needs an operator. Run `bulkhead whoami` to see which key is used.\n' },
  },
  {
    args: ['export', 'start', '--connection', 'c', '--idempotency-key', 'k'],
    answers: { startBulkExport: refuse(422, { code: 'idempotency-key-reused', message: keyReused }) },
    expected: { exitCode: 6, stderr: expect.stringContaining('--idempotency-key') },
  },
])('an error of the API names the command or the option that helps: $args', async ({ args, answers, expected }) => {
  expect(await run({ args, answers })).toMatchObject(expected);
});

const ownRoute = /(?<!bulkhead api )\b(?:GET|POST|PUT|PATCH|DELETE) \//;
const specific = documentedErrors.filter((error) => !hasFixedMessage('error', error));

test('the documented errors have messages with values', () => expect(specific.length).toBeGreaterThan(20));

test.each(specific)('the command line prints what the message of $code says: $message', async ({ code, message }) => {
  const answers = { listBulkExports: refuse(400, { code, message }) };
  const { stderr } = await run({ args: ['export', 'list'], answers });
  const sentences = toCommands(message)
    .split(/(?<=[.!?]) (?=[A-Z])/)
    .filter((sentence) => !ownRoute.test(sentence));
  const lettersOf = (text: string) => text.toLowerCase().replaceAll(/[` ]/g, '');
  for (const sentence of sentences) expect(lettersOf(stderr)).toContain(lettersOf(sentence));
});

test('--json always has a code and a message, and the details of the API', async () => {
  const details = { exportId: 'job_1' };
  const answers = { startBulkExport: refuse(409, { code: 'export-already-running', message: 'It runs.', details }) };
  const { stderr } = await run({ args: ['export', 'start', '--connection', 'c', '--json'], answers });
  expect(JSON.parse(stderr)).toEqual({
    error: { code: 'export-already-running', message: expect.stringContaining('It runs.'), details },
  });
});

test('an answer that is not the API’s is explained without a stack trace', async () => {
  const answers = { listBulkExports: { body: '<html></html>' } };
  const { exitCode, stderr } = await run({ args: ['export', 'list'], answers });
  expect({ exitCode, stderr }).toEqual({
    exitCode: 5,
    stderr: "This URL is not Bulkhead's API. Verify --url (BULKHEAD_URL).\n",
  });
  const asJson = await run({ args: ['export', 'list', '--json'], answers });
  expect(JSON.parse(asJson.stderr)).toMatchObject({ error: { code: 'unavailable' } });
});

test('a failed command has a code and a message with --json', async () => {
  const answers = { getReadiness: { status: 503, body: { ready: false, checks: { redis: 'down' } } } };
  const { exitCode, stdout, stderr } = await run({ args: ['status', '--json'], answers });
  expect([exitCode, JSON.parse(stdout)]).toMatchObject([5, { ready: false, checks: { redis: 'down' } }]);
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'unavailable', message: expect.any(String) } });
});

const root = join(import.meta.dirname, '../../../..');
const files = globSync(
  'packages/{access,connections,documents,ehr-client,erasure,monitoring,quarantine,schedules,webhooks}/src/**/*.ts',
  { cwd: root },
);
const route = /\b(?:GET|POST|PUT|PATCH|DELETE) \//;
const messages = files
  .filter((file) => !file.endsWith('.test.ts'))
  .flatMap((file) => readFileSync(join(root, file), 'utf8').split('\n'))
  .filter((line) => route.test(line) && !/^\s*(?:\/?\*|\/\/)/.test(line))
  .map((line) => line.trim());

test('the search finds the messages', () => expect(messages.length).toBeGreaterThan(12));

test.each(messages)('the command line names a command instead of the route in %s', (message) => {
  expect(toCommands(message)).not.toMatch(ownRoute);
  expect(toCommands(message)).toMatch(/`bulkhead [a-z-]+ [a-zA-Z]+/);
});

test.each([
  {
    start: 'export start --connection c --watch',
    stream: 'watchBulkExport',
    started: 'startBulkExport',
    group: 'export',
  },
  { start: 'sync start --connection c --watch', stream: 'watchSyncRun', started: 'startEnhancedSync', group: 'sync' },
])('`bulkhead $start` names what it has started if it cannot follow it', async ({ start, stream, started, group }) => {
  const answers = { [stream]: refuse(503, { code: 'unavailable', message: 'MongoDB is unavailable.' }) };
  const { exitCode, stderr } = await run({ args: toArgs(start), answers });
  const { data } = exampleOf(started) as { readonly data: { readonly id: string } };
  expect(exitCode).toBe(5);
  expect(stderr).toContain(`What was started continues: follow it with \`bulkhead ${group} watch ${data.id}\`.`);
});
