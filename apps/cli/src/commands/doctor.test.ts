import { expect, test } from '@jest/globals';
import { run } from '../run-program.fixture.ts';

test('doctor shows its report if a connection is deleted before its test', async () => {
  const error = { code: 'unknown-connection', message: 'No connection has this id.' };
  const answers = { testConnection: { status: 404, body: { success: false, error } } };
  const { calls, stdout } = await run({ args: ['doctor'], answers });
  expect(calls.map(({ id }) => id)).toEqual(['listConnections', 'testConnection', 'getHealthReport']);
  expect(stdout).toContain('the clock of the API');
});
