import { once } from 'node:events';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, expect, test } from '@jest/globals';
import { runProgram } from '../create-program.ts';
import { operations, run } from '../run-program.fixture.ts';

const folder = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-cli-api-'));
afterAll(() => folder.remove());
const write = (name: string, content: string): string => {
  const file = join(folder.path, name);
  writeFileSync(file, content);
  return file;
};

const api = (...args: string[]) => run({ args: ['api', ...args] });
const schedule = '/api/ehr/schedules/sched_1';

test('every operation of the API can be called with bulkhead api', async () => {
  for (const { id, method, path } of operations) {
    const { exitCode, stderr, calls } = await api(method, path.replaceAll(/[{}]/g, ''), '--yes');
    const isForBrowsers = stderr.startsWith('The API answered with a redirect');
    expect({ exitCode, calls: calls.map((call) => call.id) }).toEqual({ exitCode: isForBrowsers ? 2 : 0, calls: [id] });
  }
  expect(operations.length).toBeGreaterThan(70);
});

test('bulkhead api prints the response without a change', async () => {
  const body = '{"success":true, "data":{"value":1.50,"big":12345678901234567890}}';
  const { stdout } = await run({ args: ['api', 'get', schedule], answers: { getSchedule: { body } } });
  expect(stdout).toBe(`${body}\n`);
});

test('on a terminal bulkhead api prints each field on its own line, and numbers and texts as they were sent', async () => {
  const body = '{"success":true, "data":[{"value":1.50,"text":"a, {b}: \\"c\\"","none":[],"no":{}}]}';
  const { stdout } = await run({ args: ['api', 'get', schedule], answers: { getSchedule: { body } }, types: '' });
  expect(stdout).toBe(`{
  "success": true,
  "data": [
    {
      "value": 1.50,
      "text": "a, {b}: \\"c\\"",
      "none": [],
      "no": {}
    }
  ]
}
`);
});

test('bulkhead api sends the headers that are given', async () => {
  const args = ['api', 'POST', '/api/ehr/athenahealth/bulk-export', '--field', 'connectionId=conn_1'];
  const headers = ['--header', 'Idempotency-Key: night: 1', '--header', 'Prefer:respond-async'];
  const { exitCode, calls } = await run({ args: [...args, ...headers] });
  expect(exitCode).toBe(0);
  expect(Object.fromEntries(calls[0]?.headers ?? [])).toMatchObject({
    'idempotency-key': 'night: 1',
    prefer: 'respond-async',
    authorization: 'Bearer bulkhead_1',
    'content-type': 'application/json',
  });
});

test.each([
  { header: 'Authorization: Bearer bulkhead_2', says: 'The header Authorization cannot be given.' },
  { header: 'cookie:a=b', says: 'The header cookie cannot be given.' },
  { header: 'Idempotency-Key', says: 'A --header must have the form "Name: value"' },
  { header: 'a b: c', says: 'A --header must have the form "Name: value"' },
  { header: 'a: b\nc: d', says: 'A --header must have the form "Name: value"' },
])('bulkhead api refuses the header $header before it sends a request', async ({ header, says }) => {
  const { exitCode, stderr, calls } = await api('GET', schedule, '--header', header);
  expect({ exitCode, calls }).toEqual({ exitCode: 2, calls: [] });
  expect(stderr).toContain(says);
});

test('bulkhead api makes the text of a response safe for a terminal', async () => {
  const answers = { getSchedule: { body: '{"data":"\u{9b}2J"}' } };
  const { stdout } = await run({ args: ['api', 'GET', schedule], answers, types: '' });
  expect(stdout).toBe('{\n  "data": "\u{fffd}2J"\n}\n');
});

test('fields of a GET are parameters of the query, as text', async () => {
  const args = ['/api/ehr/erasures?limit=5', '--field', 'connectionId=a&b=@c', '--raw-field', 'x=true'];
  const { calls } = await api('GET', ...args);
  expect(calls).toMatchObject([{ sent: '', search: '?limit=5&connectionId=a%26b%3D%40c&x=true' }]);
});

test('a field of a body is JSON if its value is JSON, and otherwise text', async () => {
  const file = write('key.pem', '-----BEGIN\nx\n');
  const fields = ['a=1.50', 'b=true', 'c=["x"]', 'd=x=y', 'e="1"', 'f=', 'g=12345678901234567890', `h=@${file}`];
  const { calls } = await api(
    'PATCH',
    schedule,
    ...fields.flatMap((field) => ['--field', field]),
    '--raw-field',
    'i=@1',
  );
  expect(calls.map(({ sent }) => sent)).toEqual([
    '{"a":1.50,"b":true,"c":["x"],"d":"x=y","e":"1","f":"","g":12345678901234567890,"h":"-----BEGIN\\nx","i":"@1"}',
  ]);
});

test('a file is sent as the body without a change', async () => {
  const body = '{ "cron": "0 2 * * *", "x": 1.50 }\n';
  const { calls } = await api('PATCH', schedule, '--body-file', write('body.json', body));
  expect(calls.map(({ sent }) => sent)).toEqual([body]);
});

test('bulkhead api names the next page, and requests it with --paginate', async () => {
  const pages = ['{"data":[1],"next":"a/b"}', '{"data":[2]}'];
  const runPages = (...args: string[]) => {
    const left = [...pages];
    const list = {
      get body() {
        return left.shift();
      },
    };
    return run({ args: ['api', 'GET', '/api/ehr/erasures?connectionId=c', ...args], answers: { listErasures: list } });
  };
  const first = await runPages();
  expect([first.stdout, first.stderr]).toEqual([
    `${pages[0]}\n`,
    'There are more. To see the next ones, add --field cursor=a/b\n',
  ]);
  const all = await runPages('--paginate');
  expect([all.stdout, all.stderr, all.calls.map(({ search }) => search)]).toEqual([
    `${pages.join('\n')}\n`,
    '',
    ['?connectionId=c', '?connectionId=c&cursor=a%2Fb'],
  ]);
});

const body = write('empty.json', '{}');
test.each([
  { args: ['TRACE', schedule], says: 'The method must be one of GET, POST,' },
  { args: ['GET', schedule, '--field', 'nonsense'], says: '"nonsense" must have the form name=value.' },
  { args: ['POST', schedule, '--field', '=x'], says: '"=x" must have the form name=value.' },
  { args: ['POST', schedule, '--field', 'a=1', '--raw-field', 'a=2'], says: 'The field a is given twice.' },
  { args: ['POST', schedule, '--field', 'a=1', '--body-file', body], says: 'not both' },
  { args: ['GET', schedule, '--body-file', body], says: 'GET has no body.' },
  { args: ['POST', schedule, '--body-file', '/nowhere/body'], says: '/nowhere/body cannot be opened' },
  { args: ['POST', schedule, '--field', 'a=@/nowhere/value'], says: '/nowhere/value cannot be opened' },
  { args: ['DELETE', schedule], says: `Nothing was deleted. Add --yes to delete ${schedule}.` },
])('`bulkhead api $args` sends nothing and says what to do', async ({ args, says }) => {
  const { exitCode, stdout, stderr, calls } = await api(...args);
  expect({ exitCode, stdout, calls }).toEqual({ exitCode: 2, stdout: '', calls: [] });
  expect(stderr).toContain(says);
});

const foreign = ['api/ehr', 'https://evil.example/api', '@evil.example/', ':80@evil.example/', '.evil.example/', ''];
const above = [
  '/..',
  '/../admin',
  '/api/../../admin',
  '/%2e%2E/admin',
  '/api/%2e%2e%2fadmin',
  '/..%5cadmin',
  '/\\..\\..\\admin',
];
const split = ['/.\t./admin', '/..\n/admin', '/..;/admin', '/api/..%2f..%2fadmin#x', '/../bulkhead2/api'];

/** Runs a command line with a key. @returns what it printed on the standard error, and the URLs of its requests */
async function runWith(args: readonly string[], send: typeof fetch) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const urls: string[] = [];
  const exitCode = await runProgram(args, {
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    env: { BULKHEAD_API_KEY: 'bulkhead_secret' },
    fetch: (input, init) => {
      urls.push((input as Request).url);
      return send(input, init);
    },
  });
  stderr.end();
  return { exitCode, urls, message: await text(stderr) };
}
const alive = { status: 'alive', eventLoop: { stalls: 0 } };
const answerAlive = async () => Response.json(alive);

test.each([...foreign, ...above, ...split])('the path %j is refused, and no server gets a request', async (path) => {
  const args = ['api', 'GET', path, '--url', 'https://bulkhead.example/bulkhead'];
  const { exitCode, urls, message } = await runWith(args, answerAlive);
  expect({ exitCode, urls }).toEqual({ exitCode: 2, urls: [] });
  expect(message).toContain('The path must begin with / and be a path of the API');
});

test.each(['//evil.example/api', '/\\evil.example', '/api?x=//evil.example/../', '/@evil.example'])(
  'the path %j is requested from the server of --url',
  async (path) => {
    const { urls } = await runWith(['api', 'GET', path, '--url', 'https://bulkhead.example/'], answerAlive);
    expect(urls.map((url) => new URL(url).host)).toEqual(['bulkhead.example', 'bulkhead.example']);
  },
);

test('a redirect is not followed, so that another server gets neither the key nor the body', async () => {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (request.url !== '/health') return response.writeHead(307, { location: '/elsewhere' }).end();
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(alive));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const args = ['api', 'POST', schedule, '--field', 'a=1', '--url', `http://127.0.0.1:${port}`];
  const { exitCode, message } = await runWith(args, fetch);
  server.close();
  expect({ exitCode, requests }).toEqual({ exitCode: 2, requests: ['GET /health', `POST ${schedule}`] });
  expect(message).toContain('a redirect (307), which this command does not follow');
});

test('an error of the API names the fields as they were sent', async () => {
  const details = [{ path: 'connectionId', message: 'is too long' }];
  const error = { code: 'invalid-request', message: 'The request is not valid.', details };
  const answers = { createSchedule: { status: 400, body: { success: false, error } } };
  const args = ['api', 'POST', '/api/ehr/schedules', '--field', 'connectionId=c'];
  const { exitCode, stderr } = await run({ args, answers });
  expect([exitCode, stderr]).toEqual([2, 'The request is not valid.\n  connectionId: is too long\n']);
  const asJson = await run({ args: [...args, '--json'], answers });
  expect(JSON.parse(asJson.stderr)).toEqual({ error });
});
