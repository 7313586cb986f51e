import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempDisposableSync, openSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { startScriptedServer } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { aliveRoute, bulkheadCommand } from './run-bulkhead.fixture.ts';

const failedExport = {
  id: 'job_1',
  status: 'FAILED',
  request: { exportType: 'Patient', resourceTypes: [] },
  errorMessage: 'The EHR reports that its export failed.',
  counts: { stored: 0, quarantined: 0 },
  warnings: [],
  issues: [],
};
const server = await startScriptedServer({
  ...aliveRoute,
  '*/connections': (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
    response.write('{"success":true,', () => response.destroy());
  },
  '*/events': { body: 'event: end\ndata: {}\n\n' },
  '*/bulk-export/job_1': { body: { success: true, data: failedExport } },
  '*': `${JSON.stringify({ resourceType: 'Patient', id: 'p1' })}\n`.repeat(10_000),
});
const folder = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-output-'));
afterAll(async () => {
  await server.stop();
  folder.remove();
});

/** Runs a command line whose standard output is a file descriptor, or a pipe whose reader has left. */
async function bulkhead(line: string, stdout: number | 'closed') {
  const { command, env } = bulkheadCommand(line.split(' '), { url: server.url, key: 'bh_1' });
  const [node, ...args] = command;
  const child = spawn(node, args, { env, stdio: ['ignore', stdout === 'closed' ? 'pipe' : stdout, 'pipe'] });
  child.stdout?.destroy();
  const [stderr, [code]] = await Promise.all([text(child.stderr as NodeJS.ReadableStream), once(child, 'exit')]);
  return { code, stderr };
}

const getPatients = 'resources get --connection conn_1 --types Patient';
const full =
  'The output cannot be written (ENOSPC: no space left on device, write). Free some space or choose another place, and try again.';

test.each([getPatients, 'export show job_1', '--help'])(
  'bulkhead %s exits with 1 and says why if the disk of its standard output is full',
  async (line) => {
    const disk = openSync('/dev/full', 'w');
    try {
      expect(await bulkhead(line, disk)).toEqual({ code: 1, stderr: `${full}\n` });
      const { code, stderr } = await bulkhead(`${line} --json`, disk);
      expect({ code, ...JSON.parse(stderr) }).toEqual({ code: 1, error: { code: 'failed', message: full } });
    } finally {
      closeSync(disk);
    }
  },
);

test('bulkhead resources get exits with 1 and says why if the disk of --out is full', async () => {
  symlinkSync('/dev/full', join(folder.path, 'Patient.ndjson'));
  expect(await bulkhead(`${getPatients} --out ${folder.path}`, 'closed')).toEqual({ code: 1, stderr: `${full}\n` });
});

test('bulkhead exits with 0 if the reader of a content has left, because it has read enough', async () => {
  expect(await bulkhead(getPatients, 'closed')).toEqual({ code: 0, stderr: '' });
});

test('bulkhead export watch exits with 1 after a failed export, also if the reader of its output has left', async () => {
  const { code, stderr } = await bulkhead('export watch job_1', 'closed');
  expect({ code, stderr }).toEqual({ code: 1, stderr: `${failedExport.errorMessage}\n` });
});

test('bulkhead exits with 5 if the connection is lost in the middle of an answer', async () => {
  const { code, stderr } = await bulkhead('connections list', 'closed');
  expect({ code, stderr }).toEqual({
    code: 5,
    stderr: 'The connection to the API was lost, and the response is not complete. Try again.\n',
  });
});
