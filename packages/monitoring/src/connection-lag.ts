import { type Coverage, coveredBefore, sinceLast, type Watermark } from '@bulkhead/imports/export';
import type { LastCompleted } from '@bulkhead/imports/runs';
import type { Schedule } from '@bulkhead/imports/schedules';

/**
 * How far a connection is behind its source.
 *
 * With schedules, it is the largest lag of any schedule. The lag of an export schedule counts from the oldest watermark of the types
 * that it requests, or for a cohort from the start of its last completed run. The lag of a sync schedule counts from the start of its last complete run. If nothing was stored yet, the lag
 * counts from the creation of the schedule. Without schedules, it counts from the latest export or sync that a user has requested.
 * @returns the age of the moment up to which everything that is due is stored, and whether schedules keep the connection current;
 * undefined if the connection has no schedules and nothing was ever stored, because then it is not behind
 */
export function connectionLag(options: {
  /** The schedules of the connection that are not paused. */
  readonly schedules: readonly Pick<Schedule, 'id' | 'kind' | 'request' | 'createdAt'>[];
  readonly watermarks: readonly Omit<Watermark, 'exportId'>[];
  /** When the last complete sync was started, by schedule id, and for `any`. Also the last completed export of a schedule. */
  readonly syncedAt: ReadonlyMap<string, Date>;
  readonly now: Date;
  readonly covers: (coverage: Coverage, resourceType: string) => boolean;
}) {
  const { schedules, watermarks, syncedAt, now } = options;
  const reached = schedules.map((schedule) => {
    const isOfRuns = schedule.kind === 'sync' || schedule.request.cohort !== undefined;
    const at = isOfRuns ? syncedAt.get(schedule.id) : exportedUpTo({ ...options, request: schedule.request });
    return at ?? schedule.createdAt;
  });
  if (reached.length > 0) return { lagMs: since(Math.min(...reached.map(Number)), now), isScheduled: true };
  const storedUpTo = [...watermarks.map(({ at }) => at), syncedAt.get(anySync)].filter((at) => at !== undefined);
  if (storedUpTo.length === 0) return undefined;
  return { lagMs: since(Math.max(...storedUpTo.map(Number)), now), isScheduled: false };
}

/** The key for the last sync of any origin. */
export const anySync = 'any';

function exportedUpTo(options: {
  readonly request: Schedule['request'];
  readonly watermarks: readonly Omit<Watermark, 'exportId'>[];
  readonly now: Date;
  readonly covers: (coverage: Coverage, resourceType: string) => boolean;
}): Date | undefined {
  const { request, watermarks, now, covers } = options;
  const { exportType = 'Patient', resourceTypes = [] } = request;
  const ofLevel = watermarks.filter((watermark) => watermark.exportType === exportType);
  return sinceLast({ resourceTypes, watermarks: ofLevel, now, covers }).storedUntil;
}

/** The clock of a server may be ahead of ours, so the result is never negative. */
function since(at: number, now: Date): number {
  return Math.max(now.getTime() - at, 0);
}

/** How far each connection is behind its source. See `connectionLag`. */
export function lagsOf(options: {
  readonly connectionIds: readonly string[];
  /** The schedules that are not paused. */
  readonly schedules: readonly Schedule[];
  readonly watermarks: readonly Omit<Watermark, 'exportId'>[];
  /** The last completed syncs of each schedule. */
  readonly completed: readonly LastCompleted[];
  /** The last completed exports of each schedule. */
  readonly exported: readonly LastCompleted[];
  readonly now: Date;
}) {
  const { connectionIds, now } = options;
  const schedulesOf = Map.groupBy(options.schedules, byConnection);
  const watermarksOf = Map.groupBy(options.watermarks, byConnection);
  const completedOf = Map.groupBy(options.completed, byConnection);
  const exportedOf = Map.groupBy(options.exported, byConnection);
  return connectionIds.flatMap((connectionId) => {
    const completed = completedOf.get(connectionId) ?? [];
    const latest = completed.toSorted((left, right) => left.createdAt.getTime() - right.createdAt.getTime());
    const lag = connectionLag({
      schedules: schedulesOf.get(connectionId) ?? [],
      watermarks: watermarksOf.get(connectionId) ?? [],
      syncedAt: new Map([
        ...latest.map(({ createdAt }) => [anySync, createdAt] as const),
        ...[...(exportedOf.get(connectionId) ?? []), ...latest].flatMap(({ scheduleId, createdAt }) =>
          scheduleId === undefined ? [] : [[scheduleId, createdAt] as const],
        ),
      ]),
      now,
      covers: coveredBefore,
    });
    return lag ? [{ connectionId, ...lag }] : [];
  });
}

function byConnection({ connectionId }: { readonly connectionId: string }): string {
  return connectionId;
}
