import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdtempDisposableSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startScriptedServer, waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { aliveRoute, bulkheadCommand, runBulkhead } from './run-bulkhead.fixture.ts';

const folder = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-download-'));
afterAll(() => folder.remove());
const file = join(folder.path, 'events.csv');

/** Runs `bulkhead audit download` against an API that answers with `send`. */
async function downloadTo(out: string, send: (response: ServerResponse) => void) {
  const server = await startScriptedServer({ ...aliveRoute, '*': (_request, response) => void send(response) });
  const args = ['audit', 'download', '--out', out];
  return await runBulkhead(args, { url: server.url, key: 'bh_1' }).finally(server.stop);
}

/** Sends the first half of what the header promises, and then nothing. */
function startSending(response: ServerResponse, onSent = () => undefined as unknown): void {
  response.writeHead(200, { 'content-length': 200_000 });
  response.write(Buffer.alloc(100_000), onSent);
}

/** Sends the first half and closes the connection. */
function sendHalf(response: ServerResponse): void {
  startSending(response, () => response.destroy());
}

const lost = {
  code: 5,
  stdout: '',
  stderr: 'The connection to the API was lost, and the content is not complete. Try again.\n',
};

test('bulkhead audit download writes the content to the file', async () => {
  writeFileSync(file, 'a longer content of an earlier version');
  expect(await downloadTo(file, (response) => response.end('at,who'))).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(readFileSync(file, 'utf8')).toBe('at,who');
});

test('bulkhead audit download leaves no file with half of the content if the connection is lost', async () => {
  rmSync(file);
  expect(await downloadTo(file, sendHalf)).toEqual(lost);
  expect(readdirSync(folder.path)).toEqual([]);
});

test('bulkhead audit download keeps an earlier content until the new one is complete', async () => {
  const earlier = join(folder.path, 'earlier.csv');
  const link = join(folder.path, 'link.csv');
  writeFileSync(earlier, 'earlier', { mode: 0o600 });
  symlinkSync(earlier, link);
  expect(await downloadTo(link, sendHalf)).toEqual(lost);
  expect(readFileSync(earlier, 'utf8')).toBe('earlier');
  expect(await downloadTo(link, (response) => response.end('new'))).toMatchObject({ code: 0 });
  expect(readFileSync(earlier, 'utf8')).toBe('new');
  // The content may be a patient's record. Only users who could read the file before may read it.
  expect(statSync(earlier).mode & 0o777).toBe(0o600);
  rmSync(link);
  rmSync(earlier);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'bulkhead audit download leaves no file if %s ends it',
  async (signal) => {
    const server = await startScriptedServer({
      ...aliveRoute,
      '*': (_request, response) => void startSending(response),
    });
    try {
      const access = { url: server.url, key: 'bh_1' };
      const { command, env } = bulkheadCommand(['audit', 'download', '--out', file], access);
      const [node, ...args] = command;
      const bulkhead = spawn(node, args, { env, stdio: 'ignore' });
      const written = () => readdirSync(folder.path).find((name) => statSync(join(folder.path, name)).size > 0);
      // If it is killed at once, this file stays. Its name says what it is.
      expect(await waitFor(written, { what: 'the first half' })).toMatch(/^bulkhead-[\w-]+[.]partial$/);
      bulkhead.kill(signal);
      // A shell ends a script if its command was ended by Ctrl-C, which it sees in the signal.
      expect(await once(bulkhead, 'exit')).toEqual([null, signal]);
      expect(readdirSync(folder.path)).toEqual([]);
    } finally {
      await server.stop();
    }
  },
);

test('bulkhead audit download does not remove what is not a file', async () => {
  expect(await downloadTo('/dev/null', sendHalf)).toEqual(lost);
  expect(readdirSync('/dev')).toContain('null');
  expect(await downloadTo(folder.path, startSending)).toMatchObject({ code: 2 });
  const unknown = join(folder.path, 'unknown', 'events.csv');
  const stderr = `${unknown} cannot be opened (ENOENT).\n`;
  expect(await downloadTo(unknown, startSending)).toEqual({ code: 2, stdout: '', stderr });
  expect(readdirSync(folder.path)).toEqual([]);
});

test('bulkhead audit download does not wait for a content that it cannot write', async () => {
  const tooLong = join(folder.path, 'n'.repeat(300));
  const stderr = `${tooLong} cannot be opened (ENAMETOOLONG).\n`;
  expect(await downloadTo(tooLong, startSending)).toEqual({ code: 2, stdout: '', stderr });
});
