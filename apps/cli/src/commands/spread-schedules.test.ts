import { expect, test } from '@jest/globals';
import { exampleOf, run } from '../run-program.fixture.ts';

const [example] = (exampleOf('spreadSchedules') as { readonly data: readonly object[] }).data;

test('schedules spread changes each schedule that is to move, after it was confirmed', async () => {
  const { calls, stdout } = await run({ args: ['schedules', 'spread', '--from', '21:00', '--yes'] });
  expect(stdout).toMatch(/330 min +0 2 \* \* \* America\/New_York +47 22 \* \* \*/);
  expect(calls.map(({ id }) => id)).toEqual(['spreadSchedules', 'changeSchedule']);
  expect(calls[0]?.search).toContain('from=21%3A00');
  expect(JSON.parse(calls[1]?.sent ?? '')).toEqual({ cron: '47 22 * * *', spread: false });
});

test('schedules spread changes nothing in a dry run, without a confirmation, and where the time is right', async () => {
  const dry = await run({ args: ['schedules', 'spread', '--dry-run'] });
  expect(dry.calls.map(({ id }) => id)).toEqual(['spreadSchedules']);
  const refused = await run({ args: ['schedules', 'spread'] });
  expect([refused.exitCode, refused.calls.length]).toEqual([2, 1]);
  const answers = {
    spreadSchedules: {
      body: { success: true, data: [{ ...example, proposedCron: '0 2 * * *', usualSeconds: undefined }] },
    },
  };
  const right = await run({ args: ['schedules', 'spread'], answers });
  expect(right.calls).toHaveLength(1);
  expect(right.stdout).toContain('not known');
});
