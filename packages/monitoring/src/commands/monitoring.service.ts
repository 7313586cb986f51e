import { coveredBefore, type Watermark } from '@bulkhead/bulk-export';
import type { Producer, QueueFigures } from '@bulkhead/queues';
import { unavailable } from '@bulkhead/runtime';
import type { Schedule } from '@bulkhead/schedules';
import { anySync, connectionLag } from '../connection-lag.ts';
import type { MonitoringStore } from '../store.ts';

export interface RunFigures {
  readonly exports: ReadonlyMap<string, number>;
  readonly syncRuns: ReadonlyMap<string, number>;
}

export interface LaggingConnection {
  readonly connectionId: string;
  readonly lagMs: number;
  readonly isScheduled: boolean;
}

export type MonitoringService = ReturnType<typeof createMonitoringService>;

/** A run that has ended is counted for as long as a night's failure should be seen in the morning, and the next evening. */
const endedForMs = 24 * 60 * 60_000;

/** How the whole system stands, whichever process is asked. */
export function createMonitoringService({
  store,
  producer,
}: {
  readonly store: MonitoringStore;
  readonly producer: Producer;
}) {
  return {
    /** @throws AppError `unavailable` */
    async readQueues(): Promise<readonly QueueFigures[]> {
      try {
        // A queue of its own would wait for Redis to come back.
        await producer.ping();
        return await producer.readFigures();
      } catch (cause) {
        throw unavailable(cause);
      }
    },

    /** By phase: those under way, and those that have ended in the last 24 hours. */
    async readRuns(now: Date): Promise<RunFigures> {
      const endedSince = new Date(now.getTime() - endedForMs);
      const [exports, syncRuns] = await Promise.all([
        store.bulkExports.countByPhase(endedSince),
        store.syncRuns.countByPhase(endedSince),
      ]);
      return { exports, syncRuns };
    },

    /** The last look at all records of each kind that retention deletes. */
    async retention() {
      const states = await store.listRetentionStates();
      return states.map(({ startedAt, endedAt, ...fields }) => ({
        ...fields,
        startedAt: startedAt.toISOString(),
        ...(endedAt === undefined ? {} : { endedAt: endedAt.toISOString() }),
      }));
    },

    /** How far each connection is behind its source: see `connectionLag`. */
    async readLags(now: Date): Promise<readonly LaggingConnection[]> {
      const [connectionIds, schedules, watermarks] = await Promise.all([
        store.connections.listIds(),
        store.schedules.listUnpaused(),
        store.watermarks.listAll(),
      ]);
      const schedulesOf = Map.groupBy(schedules, byConnection);
      const watermarksOf = Map.groupBy(watermarks, byConnection);
      const lags = connectionIds.map(async (connectionId) => {
        const own = schedulesOf.get(connectionId) ?? [];
        const syncedAt = await readSyncs(store, { connectionId, schedules: own });
        const lag = connectionLag({
          schedules: own,
          watermarks: watermarksOf.get(connectionId) ?? [],
          syncedAt,
          now,
          covers: coveredBefore,
        });
        return lag ? [{ connectionId, ...lag }] : [];
      });
      return (await Promise.all(lags)).flat();
    },
  };
}

/** One read by an index each: of the schedules that are syncs, or of all runs where there is no schedule. */
async function readSyncs(
  store: MonitoringStore,
  { connectionId, schedules }: { readonly connectionId: string; readonly schedules: readonly Schedule[] },
): Promise<ReadonlyMap<string, Date>> {
  const wanted =
    schedules.length === 0 ? [undefined] : schedules.filter(({ kind }) => kind === 'sync').map(({ id }) => id);
  const found = await Promise.all(
    wanted.map(async (scheduleId) => {
      const which = scheduleId === undefined ? { connectionId } : { connectionId, scheduleId };
      const run = await store.syncRuns.findLastCompleted(which);
      return run ? [[scheduleId ?? anySync, run.createdAt] as const] : [];
    }),
  );
  return new Map(found.flat());
}

function byConnection({ connectionId }: Pick<Schedule | Watermark, 'connectionId'>): string {
  return connectionId;
}

/** How a queue stands, in seconds as its metrics are. */
export function toQueueView({ queue, jobs, oldestMs, workers }: QueueFigures) {
  return { queue, jobs, oldestSeconds: Math.round(oldestMs / 1000), workers };
}
