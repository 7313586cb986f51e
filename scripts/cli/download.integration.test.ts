import { mkdtempDisposableSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalServer } from '@bulkhead/embedded/local-server';
import { afterAll, expect, test } from '@jest/globals';
import { runBulkhead } from './run-bulkhead.fixture.ts';

const folder = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-download-'));
afterAll(() => folder.remove());
const file = join(folder.path, 'report.pdf');

/** Runs `bulkhead documents get doc_1` against an API that answers with `send`. */
async function getDocument(out: string, send: (response: ServerResponse) => void) {
  const server = await startLocalServer((_request, response) => send(response));
  const args = ['documents', 'get', 'doc_1', '--out', out];
  return await runBulkhead(args, { url: server.url, key: 'bh_1' }).finally(server.stop);
}

/** Sends only the first half of what the header promises. */
function sendHalf(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': 200_000 });
  response.write(Buffer.alloc(100_000), () => response.destroy());
}

const lost = {
  code: 5,
  stdout: '',
  stderr: 'The connection to the API was lost, and the content is not complete. Try again.\n',
};

test('bulkhead documents get writes the content to the file', async () => {
  writeFileSync(file, 'a longer content of an earlier version');
  expect(await getDocument(file, (response) => response.end('%PDF-1.7'))).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(readFileSync(file, 'utf8')).toBe('%PDF-1.7');
});

test('bulkhead documents get leaves no file with half of the content if the connection is lost', async () => {
  expect(await getDocument(file, sendHalf)).toEqual(lost);
  expect(readdirSync(folder.path)).toEqual([]);
});

test('bulkhead documents get does not remove what is not a file', async () => {
  expect(await getDocument('/dev/null', sendHalf)).toEqual(lost);
  expect(readdirSync('/dev')).toContain('null');
  expect(await getDocument(folder.path, sendHalf)).toMatchObject({ code: 2 });
  expect(readdirSync(folder.path)).toEqual([]);
});
