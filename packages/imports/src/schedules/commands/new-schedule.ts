import { newId } from '@bulkhead/base';
import { nextRun, shortestGapMs } from '@bulkhead/base/cron';
import type { Connection } from '@bulkhead/connections';
import type { Schedule } from '../schedule.record.ts';

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

const hourMs = 60 * 60_000;

/**
 * How much later than its cron a schedule runs, so that connections with the same cron do not start at the same time. Runs are spread
 * over an hour, or over half of the time between two runs if that is shorter. The result is in whole seconds and always the same for
 * an id.
 */
export function spreadOf({ id, cron }: { readonly id: string; readonly cron: string }): number {
  const slots = Math.floor(Math.min(hourMs, shortestGapMs(cron) / 2) / 1000);
  return (1 + (hash(id) % (slots - 1))) * 1000;
}

/** FNV-1a with 32 bits (RFC 9923) and a final mix, because ids that are created at the same time differ in few characters. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}
