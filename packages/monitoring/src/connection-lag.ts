import { type Coverage, sinceLast, type Watermark } from '@bulkhead/bulk-export';
import type { Schedule } from '@bulkhead/schedules';

export interface ConnectionLag {
  /** How long ago the moment is up to which everything is stored that is to be. */
  readonly lagMs: number;
  /** Whether schedules are to keep it current; otherwise somebody has asked, once. */
  readonly isScheduled: boolean;
}

/**
 * How far a connection is behind its source. Where it has schedules, as far as the one that is furthest behind: an export
 * schedule by the oldest watermark of the types that it asks for, a sync schedule by the start of its last run that
 * brought everything; what was never brought counts from the schedule's creation. Where it has none, by the latest of what
 * somebody's own exports and syncs have brought.
 * @returns undefined where nothing was ever brought and nothing is to be: it is behind nothing.
 */
export function connectionLag(options: {
  /** Its own, without those that are paused. */
  readonly schedules: readonly Pick<Schedule, 'id' | 'kind' | 'request' | 'createdAt'>[];
  readonly watermarks: readonly Watermark[];
  /** When the last sync was started that brought everything: by schedule, and `any`. */
  readonly syncedAt: ReadonlyMap<string, Date>;
  readonly now: Date;
  readonly covers: (coverage: Coverage, resourceType: string) => boolean;
}): ConnectionLag | undefined {
  const { schedules, watermarks, syncedAt, now } = options;
  const reached = schedules.map((schedule) => {
    const at =
      schedule.kind === 'sync' ? syncedAt.get(schedule.id) : exportedUpTo({ ...options, request: schedule.request });
    return at ?? schedule.createdAt;
  });
  if (reached.length > 0) return { lagMs: since(Math.min(...reached.map(Number)), now), isScheduled: true };
  const brought = [...watermarks.map(({ at }) => at), syncedAt.get(anySync)].filter((at) => at !== undefined);
  if (brought.length === 0) return undefined;
  return { lagMs: since(Math.max(...brought.map(Number)), now), isScheduled: false };
}

/** The key of the last sync, whoever started it. */
export const anySync = 'any';

function exportedUpTo(options: {
  readonly request: Schedule['request'];
  readonly watermarks: readonly Watermark[];
  readonly now: Date;
  readonly covers: (coverage: Coverage, resourceType: string) => boolean;
}): Date | undefined {
  const { request, watermarks, now, covers } = options;
  const { exportType = 'Patient', resourceTypes = [] } = request;
  const ofLevel = watermarks.filter((watermark) => watermark.exportType === exportType);
  const { since: last } = sinceLast({ resourceTypes, watermarks: ofLevel, now, covers });
  return last === undefined ? undefined : new Date(last);
}

/** A server's clock may be ahead of ours. */
function since(at: number, now: Date): number {
  return Math.max(now.getTime() - at, 0);
}
