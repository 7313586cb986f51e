import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { runProgram } from './create-program.ts';

/** Runs a command line against a server that is not Bulkhead. @returns the headers that the server received */
async function runAgainst(options: { readonly status: number; readonly body: string; readonly args: string[] }) {
  const { status, body, args } = options;
  const received: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    received.push(request.headers.authorization);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const exitCode = await runProgram([...args, '--url', `http://127.0.0.1:${port}/hook`], {
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    env: { BULKHEAD_API_KEY: 'bulkhead_secret' },
    fetch,
  });
  server.close();
  stderr.end();
  return { received, exitCode, stderr: await text(stderr) };
}

const servers = [
  { status: 200, body: '{}' },
  { status: 200, body: '{"status":"ok"}' },
  { status: 200, body: '{"status":"alive"}' },
  { status: 200, body: 'null' },
  { status: 200, body: '"alive"' },
  { status: 200, body: 'hello' },
  { status: 204, body: '' },
  { status: 404, body: '{"error":"not found"}' },
  { status: 401, body: '' },
  { status: 503, body: '{}' },
];
const commandLines = [['export', 'list'], ['status'], ['api', 'GET', '/metrics']];

test.each(servers)('the API key is not sent to a server that answers $status $body', async (answer) => {
  for (const args of commandLines) {
    const { received, exitCode } = await runAgainst({ ...answer, args });
    expect({ args, exitCode, received }).toEqual({ args, exitCode: 5, received: [undefined] });
  }
});

test('an error of the wrong server says that the key was not sent, and names the option', async () => {
  const { stderr } = await runAgainst({ status: 200, body: '{}', args: ['export', 'list'] });
  expect(stderr).toBe("This URL is not Bulkhead's API. The API key was not sent. Verify --url (BULKHEAD_URL).\n");
});
