import { setTimeout } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { exampleOf, run } from '../run-program.fixture.ts';

test('doctor tests the connections at the same time, within a limit, and shows progress', async () => {
  const connection = (exampleOf('listConnections') as { data: object[] }).data[0];
  const connections = Array.from({ length: 20 }, (_, index) => ({ ...connection, id: `conn_${index}` }));
  const answers = { listConnections: { body: { success: true, data: connections } } };
  let running = 0;
  let most = 0;
  const eight = Promise.withResolvers<void>();
  const beforeAnswer = async (id: string) => {
    if (id !== 'testConnection') return;
    running += 1;
    most = Math.max(most, running);
    if (running === 8) eight.resolve();
    await eight.promise;
    await setTimeout(20); // a ninth would be seen
    running -= 1;
  };
  const { calls, stderr } = await run({ args: ['doctor'], answers, types: '', beforeAnswer });
  expect(calls.filter(({ id }) => id === 'testConnection')).toHaveLength(20);
  expect(most).toBe(8);
  expect(stderr).toContain('testing 20 connections');
  expect(stderr).toContain('tested 20 of 20');
});

test('doctor shows its report if a connection is deleted before its test', async () => {
  const error = { code: 'unknown-connection', message: 'No connection has this id.' };
  const answers = { testConnection: { status: 404, body: { success: false, error } } };
  const { calls, stdout } = await run({ args: ['doctor'], answers });
  expect(calls.map(({ id }) => id)).toEqual(['listConnections', 'testConnection', 'getHealthReport']);
  expect(stdout).toMatch(/^ok .*Clock$/m);
});

test('doctor shows one problem of 206 connections in a few lines, how to list them, and a last line that counts', async () => {
  const subject = (index: number) => ({
    kind: 'connection',
    id: `conn_${index}`,
    connectionId: `conn_${index}`,
    connectionName: `Practice ${index}`,
    reason: 'token failed: The EHR refused it.',
    code: 'token-refused',
  });
  const problem = {
    key: 'credentials',
    severity: 'critical',
    title: '206 connections: the EHR refuses the credentials',
    reason: '206 last tests failed.',
    action: 'Edit the credentials.',
    checks: ['connections'],
    connections: 206,
    since: '2026-11-30T09:31:00Z',
    lastSeen: '2026-11-30T10:07:00Z',
    subjects: Array.from({ length: 20 }, (_, index) => subject(index)),
  };
  const check = { id: 'redis', title: 'Redis', severity: 'ok', reason: 'Redis responds.', subjects: [] };
  const data = { severity: 'critical', checkedAt: '2026-11-30T10:08:00Z', problems: [problem], checks: [check] };
  const answers = { getHealthReport: { body: { success: true, data } } };
  const { stdout, exitCode } = await run({ args: ['doctor', '--no-connections'], answers });
  expect(exitCode).toBe(1);
  expect(stdout.trim().split('\n')).toEqual([
    'critical  206 connections: the EHR refuses the credentials: 206 last tests failed. Since 2026-11-30T09:31:00Z, last seen 2026-11-30T10:07:00Z.',
    ...[0, 1, 2].map((index) => expect.stringContaining(`- connection conn_${index} "Practice ${index}": `)),
    '          - and others: bulkhead connections list --problem credentials',
    '          What to do: Edit the credentials.',
    'ok        Redis, Clock',
    '1 critical problem, 0 warnings, 2 of 2 checks ok.',
  ]);
});

test('doctor names the server that does not respond to the API, and what to do', async () => {
  const error = { code: 'unavailable', message: 'The database is unavailable.' };
  const answers = {
    getHealthReport: { status: 503, body: { success: false, error } },
    getReadiness: { status: 503, body: { ready: false, checks: { mongodb: 'down', redis: 'up' } } },
  };
  const { exitCode, stderr } = await run({ args: ['doctor', '--no-connections'], answers });
  expect(exitCode).toBe(5);
  expect(stderr).toContain('MongoDB does not respond to the API. Check that MongoDB is running, and MONGODB_URI');
});
