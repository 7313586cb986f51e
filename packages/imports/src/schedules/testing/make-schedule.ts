import { randomUUID } from 'node:crypto';
import type { Schedule } from '../schedule.record.ts';

/** A schedule that runs every night at two, for the first time on 2 May 2026. */
export function makeSchedule(change: Partial<Schedule> = {}): Schedule {
  return {
    id: `sched_${randomUUID()}`,
    connectionId: 'conn_1',
    provider: 'athenahealth',
    kind: 'export',
    request: {},
    cron: '0 2 * * *',
    timeZone: 'UTC',
    spreadMs: 0,
    paused: false,
    version: 1,
    nextRunAt: new Date('2026-05-02T02:00:00Z'),
    createdAt: new Date('2026-05-01T10:00:00Z'),
    ...change,
  };
}
