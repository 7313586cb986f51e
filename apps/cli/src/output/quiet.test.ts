import { expect, test } from '@jest/globals';
import { exampleOf, run } from '../run-program.fixture.ts';

const idOf = (operation: string) => {
  const { data } = exampleOf(operation) as {
    readonly data: { readonly id: string } | readonly { readonly id: string }[];
  };
  return [data].flat().map(({ id }) => id);
};

test.each([
  { args: ['connections', 'list', '--quiet'], operation: 'listConnections' },
  { args: ['export', 'list', '-q'], operation: 'listBulkExports' },
  { args: ['-q', 'sync', 'list', '--connection', 'conn_1'], operation: 'listSyncRuns' },
  { args: ['export', 'show', 'job_1', '-q'], operation: 'getBulkExport' },
])('bulkhead $args prints only ids', async ({ args, operation }) => {
  const { exitCode, stdout, stderr } = await run({ args });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout.trim().split('\n')).toEqual(idOf(operation));
});

test('bulkhead tables list --quiet prints only the names of the views', async () => {
  const { data } = exampleOf('listTables') as { readonly data: readonly { readonly name: string }[] };
  const { stdout } = await run({ args: ['tables', 'list', '-q'] });
  expect(stdout.trim().split('\n')).toEqual(data.map(({ name }) => name));
});

test('a result without ids is printed as always, and an empty list prints nothing', async () => {
  const usual = await run({ args: ['whoami'] });
  expect((await run({ args: ['whoami', '--quiet'] })).stdout).toBe(usual.stdout);
  const answers = { listConnections: { body: { success: true, data: [] } } };
  const { stdout, stderr } = await run({ args: ['connections', 'list', '--quiet'], answers });
  expect([stdout, stderr]).toEqual(['', '']);
});

test('a date is midnight in UTC, and a timestamp stays as it is', async () => {
  const { calls } = await run({ args: ['audit', 'list', '--from', '2026-01-31', '--to', '2026-02-01T08:00:00+01:00'] });
  const query = new URLSearchParams(calls[0]?.search);
  expect([query.get('from'), query.get('to')]).toEqual(['2026-01-31T00:00:00Z', '2026-02-01T08:00:00+01:00']);
});
