import { setTimeout } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { exampleOf, run } from '../run-program.fixture.ts';

test('doctor tests the connections at the same time, within a limit, and shows progress', async () => {
  const connection = (exampleOf('listConnections') as { data: object[] }).data[0];
  const connections = Array.from({ length: 20 }, (_, index) => ({ ...connection, id: `conn_${index}` }));
  const answers = { listConnections: { body: { success: true, data: connections } } };
  let running = 0;
  let most = 0;
  const beforeAnswer = async (id: string) => {
    if (id !== 'testConnection') return;
    running += 1;
    most = Math.max(most, running);
    await setTimeout(20);
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
  expect(stdout).toContain('the clock of the API');
});
