import { mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { captureCommand, commandLine, startScriptedServer } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { rolldown } from 'rolldown';
import { findOldestNode } from './oldest-node.fixture.ts';
import { aliveRoute, bulkheadCommand } from './run-bulkhead.fixture.ts';

const node = await findOldestNode();
const run = 'missing' in node ? test.skip : test;
const name = 'missing' in node ? ` (not run: ${node.missing})` : '';
const path = 'missing' in node ? '' : node.path;

const lastUpdated = '2026-11-24T18:00:00.000Z';
const changes = ['Patient', 'Observation', 'Patient'].map((resourceType, index) => ({
  resource: { resourceType, id: String(index) },
  request: { method: 'PUT', url: `${resourceType}/${index}` },
  response: { status: '200', lastModified: lastUpdated },
}));
const history = [...changes, { resourceType: 'Bundle', type: 'history', meta: { lastUpdated } }];
const exported = {
  id: 'job_1',
  connectionId: 'conn_1',
  status: 'COMPLETED',
  startedAt: '2026-11-24T18:00:00Z',
  completedAt: '2026-11-24T18:12:00Z',
  request: { exportType: 'Patient', resourceTypes: [] },
  counts: { stored: 3, quarantined: 0 },
};
const headers = { connection: 'close' };
const server = await startScriptedServer({
  ...aliveRoute,
  '*/_history': { headers, body: history.map((line) => `${JSON.stringify(line)}\n`).join('') },
  '*/bulk-export': { headers, body: { success: true, data: [exported] } },
});
const folder = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-oldest-node-'));
afterAll(async () => {
  await server.stop();
  folder.remove();
});

function bulkhead(...args: string[]) {
  const { env } = bulkheadCommand(args, { url: server.url, key: 'bulkhead_1' });
  return captureCommand({ env, command: [path, commandLine, ...args] });
}

run(`the command line runs on the oldest Node.js that its package promises${name}`, async () => {
  expect(await bulkhead('help')).toMatchObject({ code: 0, stderr: '' });
  expect(await bulkhead('export', 'list')).toEqual({
    code: 0,
    stdout: expect.stringContaining(' 12 m '),
    stderr: '',
  });
  const out = ['--out', join(folder.path, 'records')];
  const followed = await bulkhead('resources', 'follow', '--connection', 'conn_1', '--once', ...out);
  expect(followed).toMatchObject({ code: 0, stderr: '' });
  expect(readFileSync(join(folder.path, 'records/Patient.ndjson'), 'utf8').trim().split('\n')).toHaveLength(2);
});

run(`the client runs on the oldest Node.js that its package promises${name}`, async () => {
  const build = await rolldown({
    input: join(import.meta.dirname, '../../packages/client/src/index.ts'),
    platform: 'neutral',
    resolve: { conditionNames: ['@bulkhead/source', 'import', 'default'], mainFields: ['module', 'main'] },
  });
  await build.write({ file: join(folder.path, 'client.mjs') });
  await build.close();
  writeFileSync(
    join(folder.path, 'program.mjs'),
    `import { answerOf, createClient } from './client.mjs';
const api = createClient({ url: '${server.url}', key: 'bulkhead_1' });
const { data } = answerOf(await api.GET('/api/ehr/{provider}/bulk-export', { params: { path: { provider: 'athenahealth' } } }));
console.log(data.map(({ id }) => id).join());
`,
  );
  const program = await captureCommand({ env: {}, command: [path, join(folder.path, 'program.mjs')] });
  expect(program).toEqual({ code: 0, stdout: 'job_1\n', stderr: '' });
});
