import { unavailable } from '@bulkhead/base';
import { coveredBefore, type Watermark } from '@bulkhead/imports/export';
import type { Schedule } from '@bulkhead/imports/schedules';
import type { Producer, QueueFigures } from '@bulkhead/queues';
import { anySync, connectionLag } from '../connection-lag.ts';
import { type ProcessState, processStatus } from '../processes/process-state.record.ts';
import type { MonitoredStores } from '../stores.ts';

export type MonitoringService = ReturnType<typeof createMonitoringService>;

/** Ended runs are counted this long, so that a failure at night is visible in the morning and in the evening. */
const endedForMs = 24 * 60 * 60_000;

/** Reads the state of the whole system. Every process returns the same figures. */
export function createMonitoringService(store: MonitoredStores, producer: Producer) {
  return {
    /** @throws AppError `unavailable` */
    async readQueues(): Promise<readonly QueueFigures[]> {
      try {
        // Without this ping, reading a queue would wait until Redis is available again.
        await producer.ping();
        return await producer.readFigures();
      } catch (cause) {
        throw unavailable(cause);
      }
    },

    /** The number of runs by phase: active runs, and runs that ended in the last 24 hours. */
    async readRuns(now: Date) {
      const endedSince = new Date(now.getTime() - endedForMs);
      const [exports, syncRuns] = await Promise.all([
        store.bulkExports.countByPhase(endedSince),
        store.syncRuns.countByPhase(endedSince),
      ]);
      return { exports, syncRuns };
    },

    /** The last pass of retention over each kind of record. */
    async retention() {
      const states = await store.listRetentionStates();
      return states.map(({ startedAt, endedAt, ...fields }) => ({
        ...fields,
        startedAt: startedAt.toISOString(),
        ...(endedAt === undefined ? {} : { endedAt: endedAt.toISOString() }),
      }));
    },

    /** The processes that have reported within the last hour, the newest first. */
    processes(now: Date): Promise<readonly ProcessState[]> {
      return store.processStates.list(now);
    },

    /** Whether a running worker calls webhooks at private addresses. @returns undefined if no worker says so */
    async callsPrivateNetwork(now: Date): Promise<boolean | undefined> {
      const processes = await store.processStates.list(now);
      const answers = processes
        .filter((process) => processStatus(process, now) === 'running')
        .flatMap((process) => process.callsPrivateNetwork ?? []);
      return answers.length === 0 ? undefined : answers.includes(true);
    },

    /** How far each connection is behind its source. See `connectionLag`. */
    async readLags(now: Date) {
      const [connectionIds, schedules, watermarks] = await Promise.all([
        store.connections.listIds(),
        store.schedules.listUnpaused(),
        store.watermarks.listAll(),
      ]);
      const schedulesOf = Map.groupBy(schedules, byConnection);
      const watermarksOf = Map.groupBy(watermarks, byConnection);
      const lags = connectionIds.map(async (connectionId) => {
        const schedules = schedulesOf.get(connectionId) ?? [];
        const syncedAt = await readSyncs(store, { connectionId, schedules });
        const lag = connectionLag({
          schedules,
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

/** Reads the last completed run of each sync schedule, or the last of all runs if there is no schedule. Each read uses an index. */
async function readSyncs(
  store: MonitoredStores,
  { connectionId, schedules }: { readonly connectionId: string; readonly schedules: readonly Schedule[] },
): Promise<ReadonlyMap<string, Date>> {
  const wanted =
    schedules.length === 0 ? [undefined] : schedules.filter(({ kind }) => kind === 'sync').map(({ id }) => id);
  const results = await Promise.all(
    wanted.map(async (scheduleId) => {
      const filter = scheduleId === undefined ? { connectionId } : { connectionId, scheduleId };
      const run = await store.syncRuns.findLastCompleted(filter);
      return run ? [[scheduleId ?? anySync, run.createdAt] as const] : [];
    }),
  );
  return new Map(results.flat());
}

function byConnection({ connectionId }: Pick<Schedule | Watermark, 'connectionId'>): string {
  return connectionId;
}

/** The figures of a queue, in seconds like its metrics. */
export function toQueueView({ queue, jobs, oldestMs, workers, isPaused }: QueueFigures) {
  return { queue, jobs, oldestSeconds: Math.round(oldestMs / 1000), workers, paused: isPaused };
}
