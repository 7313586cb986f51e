import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextRun, nextRuns } from './next-run.ts';

const runs = (timing: { cron: string; timeZone: string; spreadMs?: number }, after: string, count = 3) =>
  nextRuns({ spreadMs: 0, ...timing }, { after: new Date(after), count }).map((at) => at.toISOString().slice(0, 16));

test.each([
  {
    what: 'a skipped time runs once, at the switch',
    cron: '30 2 * * *',
    timeZone: 'Europe/Berlin',
    after: '2026-03-28T00:00:00Z',
    expected: ['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30'],
  },
  {
    what: 'a repeated time runs once, the first time',
    cron: '30 2 * * *',
    timeZone: 'Europe/Berlin',
    after: '2026-10-24T00:00:00Z',
    expected: ['2026-10-24T00:30', '2026-10-25T00:30', '2026-10-26T01:30'],
  },
  {
    what: 'a repeated time does not run again after the first time',
    cron: '30 2 * * *',
    timeZone: 'Europe/Berlin',
    after: '2026-10-25T01:00:00Z',
    expected: ['2026-10-26T01:30', '2026-10-27T01:30', '2026-10-28T01:30'],
  },
  {
    what: 'a skipped time in New York runs once, at the switch',
    cron: '30 2 * * *',
    timeZone: 'America/New_York',
    after: '2026-03-07T07:30:00Z',
    expected: ['2026-03-08T07:00', '2026-03-09T06:30', '2026-03-10T06:30'],
  },
  {
    what: 'a repeated time in New York runs once, the first time',
    cron: '30 1 * * *',
    timeZone: 'America/New_York',
    after: '2026-10-31T05:30:00Z',
    expected: ['2026-11-01T05:30', '2026-11-02T06:30', '2026-11-03T06:30'],
  },
  {
    what: 'several skipped times are one run',
    cron: '0,20,40 2,3 * * *',
    timeZone: 'Europe/Berlin',
    after: '2026-03-29T00:00:00Z',
    expected: ['2026-03-29T01:00', '2026-03-29T01:20', '2026-03-29T01:40'],
  },
  {
    what: 'clocks are set forward by half an hour',
    cron: '0 2 * * *',
    timeZone: 'Australia/Lord_Howe',
    after: '2026-10-03T00:00:00Z',
    expected: ['2026-10-03T15:30', '2026-10-04T15:00', '2026-10-05T15:00'],
  },
  {
    what: 'clocks are set back by half an hour',
    cron: '45 1 * * *',
    timeZone: 'Australia/Lord_Howe',
    after: '2026-04-03T15:00:00Z',
    expected: ['2026-04-04T14:45', '2026-04-05T15:15', '2026-04-06T15:15'],
  },
  {
    what: 'a skipped day runs once',
    cron: '0 2 * * *',
    timeZone: 'Pacific/Apia',
    after: '2011-12-29T00:00:00Z',
    expected: ['2011-12-29T12:00', '2011-12-30T10:00', '2011-12-30T12:00'],
  },
  {
    what: 'weekends are skipped',
    cron: '0 2 * * MON-FRI',
    timeZone: 'UTC',
    after: '2026-03-27T02:00:00Z',
    expected: ['2026-03-30T02:00', '2026-03-31T02:00', '2026-04-01T02:00'],
  },
  {
    what: 'years without 29 February are skipped',
    cron: '0 2 29 2 *',
    timeZone: 'UTC',
    after: '2026-03-27T02:00:00Z',
    expected: ['2028-02-29T02:00', '2032-02-29T02:00', '2036-02-29T02:00'],
  },
])('the next runs of "$cron" in $timeZone: $what', ({ cron, timeZone, after, expected }) => {
  expect(runs({ cron, timeZone }, after)).toEqual(expected);
});

test('the spread delays each run once, also on the days of both clock changes', () => {
  const timing = { cron: '30 2 * * *', timeZone: 'Europe/Berlin', spreadMs: 45 * 60_000 };
  expect(runs(timing, '2026-03-28T12:00:00Z')).toEqual(['2026-03-29T01:45', '2026-03-30T01:15', '2026-03-31T01:15']);
  expect(runs(timing, '2026-10-24T12:00:00Z')).toEqual(['2026-10-25T01:15', '2026-10-26T02:15', '2026-10-27T02:15']);
});

test('a daily schedule runs exactly once a day, in every zone, at every minute and from every start', () => {
  const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/Santiago', 'Asia/Kolkata'];
  const minuteOfDay = fc.integer({ min: 0, max: 1439 });
  const moment = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) });
  const spread = fc.integer({ min: 0, max: 3599 });
  fc.assert(
    fc.property(fc.constantFrom(...zones), minuteOfDay, moment, spread, (timeZone, minutes, afterMs, seconds) => {
      const timing = {
        cron: `${minutes % 60} ${Math.floor(minutes / 60)} * * *`,
        timeZone,
        spreadMs: seconds * 1000,
      };
      const first = nextRun(timing, new Date(afterMs));
      expect(first.getTime()).toBeGreaterThan(afterMs);
      const day = (at: Date) => new Intl.DateTimeFormat('en-CA', { timeZone }).format(at.getTime() - timing.spreadMs);
      const second = nextRun(timing, first);
      const nextDay = new Date(Date.parse(`${day(first)}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
      expect(day(second)).toBe(nextDay);
      // Asking at any time between the two returns the second.
      const between = first.getTime() + Math.floor((second.getTime() - first.getTime()) * 0.3);
      expect(nextRun(timing, new Date(between))).toEqual(second);
    }),
    { numRuns: 300 },
  );
});
