import { at, connectionId } from '../common.schema.ts';

export const scheduleExample = {
  id: 'sched_01a20ebbc9477ed4b36076ce74bec9ba',
  connectionId,
  provider: 'athenahealth',
  kind: 'export',
  request: {},
  cron: '0 2 * * *',
  timeZone: 'America/New_York',
  spread: true,
  spreadMs: 1_380_000,
  paused: false,
  nextRunAt: '2026-11-25T07:23:00.000Z',
  createdAt: at,
};

export const scheduleDetailExample = { ...scheduleExample, nextRuns: ['2026-11-25T07:23:00.000Z'] };
