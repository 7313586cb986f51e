import { newId } from '@bulkhead/base';
import { nextRun } from '@bulkhead/base/cron';
import type { Connection } from '@bulkhead/connections';
import type { Schedule } from '../schedule.record.ts';
import { spreadOf } from '../spread-of.ts';

/** Makes the record of a new schedule. */
export function newSchedule(options: {
  readonly connection: Pick<Connection, 'id' | 'provider'>;
  readonly kind: Schedule['kind'];
  readonly cron: string;
  readonly timeZone: string;
  readonly request?: Schedule['request'];
  /** If false, runs start exactly at the minute of the cron. */
  readonly spread?: boolean;
  readonly paused?: boolean;
  readonly now?: Date;
}): Schedule {
  const { connection, kind, cron, timeZone, request = {}, spread = true, paused = false, now = new Date() } = options;
  const id = newId('sched');
  const spreadMs = spread ? spreadOf({ id, cron }) : 0;
  return {
    id,
    connectionId: connection.id,
    provider: connection.provider,
    kind,
    request,
    cron,
    timeZone,
    spreadMs,
    paused,
    version: 1,
    nextRunAt: nextRun({ cron, timeZone, spreadMs }, now),
    createdAt: now,
  };
}
