import { expect, test } from '@jest/globals';
import { exampleOf, run } from '../run-program.fixture.ts';

const [exported] = (exampleOf('listBulkExports') as { readonly data: readonly { readonly request: object }[] }).data;
const [synced] = (exampleOf('listSyncRuns') as { readonly data: readonly object[] }).data;
const [event] = (exampleOf('listExportEvents') as { readonly data: readonly object[] }).data;
const times = { startedAt: '2026-11-24T18:00:00.000Z', completedAt: '2026-11-24T18:12:00.000Z' };
const answerWith = (record: object) => ({ body: { success: true, data: [record] } });

test.each([
  { resourceTypes: [], shown: 'all' },
  { resourceTypes: ['Patient'], shown: 'Patient' },
  { resourceTypes: ['Patient', 'Observation', 'Condition', 'Goal'], shown: 'Patient,Observation +2' },
])('export list shows the connection, the types as $shown and the duration', async ({ resourceTypes, shown }) => {
  const record = { ...exported, ...times, connectionId: 'conn_7', request: { ...exported?.request, resourceTypes } };
  const answers = { listBulkExports: answerWith(record) };
  const { stdout } = await run({ args: ['export', 'list'], answers });
  const [head, row] = stdout.split('\n').map((line) => line.split(/ {2,}/));
  expect(head?.slice(0, 6)).toEqual(['id', 'connection', 'status', 'types', 'started', 'duration']);
  expect([row?.[1], row?.[3], row?.[5]]).toEqual(['conn_7', shown, '12 m']);
});

test('sync list lists the syncs of all connections unless one is given', async () => {
  const answers = { listSyncRuns: answerWith({ ...synced, ...times, connectionId: 'conn_7' }) };
  const { stdout, calls } = await run({ args: ['sync', 'list'], answers });
  expect(calls[0]?.search).not.toContain('connectionId');
  expect(stdout).toMatch(/^id +connection +status +started +duration .*\n\S+ +conn_7 +\w+ .* 12 m /);
  const ofOne = await run({ args: ['sync', 'list', '--connection', 'conn_7', '--status', 'FAILED'], answers });
  expect(ofOne.calls[0]?.search).toMatch(/connectionId=conn_7&status=FAILED/);
});

test('export events breaks long texts, and shows what belongs to an event below it', async () => {
  const ehrText = 'The operation is temporarily not available. '.repeat(9).trim();
  const waiting = { ...event, code: undefined, kind: 'waiting', at: times.startedAt, ehrText, by: 'night job' };
  const answers = {
    listExportEvents: answerWith({ ...waiting, message: 'It waits.', nextAttemptAt: times.completedAt }),
  };
  const { stdout } = await run({ args: ['export', 'events', 'job_1'], answers });
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^2026-11-24 18:00:00 UTC {2}\S/);
  expect(lines.slice(1).every((line) => /^ {25}\S/.test(line))).toBe(true);
  expect(lines.join(' ').replaceAll(/ +/g, ' ')).toContain(`text of the EHR: ${ehrText}`);
  expect(lines.at(-2)?.trim()).toBe('next attempt: 2026-11-24 18:12:00 UTC');
  expect(lines.at(-1)?.trim()).toBe('by: night job');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(125);
});

test('plan says whether the budget suffices, and which runs are assumed', async () => {
  const { stdout } = await run({ args: ['plan'] });
  expect(stdout).toMatch(/990, 2 assumed +67390 of 94000 +2026-11-25 12:41/);
  const [example] = (exampleOf('listPlans') as { readonly data: readonly object[] }).data;
  const short = { ...example, endsAt: undefined, lateSeconds: undefined };
  const idle = { ...example, runs: 0, assumedRuns: 0, requests: 0, endsAt: undefined, lastConnectionId: undefined };
  const nothing = { listPlans: { body: { success: true, data: [idle] } } };
  expect((await run({ args: ['plan'], answers: nothing })).stdout).toMatch(/ 0 +0 of 94000 +- +-/);
  const answers = { listPlans: { body: { success: true, data: [short, { ...example, lateSeconds: 3600 }] } } };
  const { stdout: late } = await run({ args: ['plan'], answers });
  expect(late).toMatch(/the budget does not suffice[\s\S]*60 min: the budget is too small/);
});
