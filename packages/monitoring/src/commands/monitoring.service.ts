import { unavailable } from '@bulkhead/base';
import type { Producer, QueueFigures } from '@bulkhead/queues';
import type { MonitoredStores } from '../monitoring.feature.ts';
import { type ProcessState, processStatus } from '../processes/process-state.record.ts';

/** Ended runs are counted this long, so that a failure at night is visible in the morning and in the evening. */
const endedForMs = 24 * 60 * 60_000;

/** Reads the state of the whole system. Every process returns the same figures. */
export class MonitoringService {
  readonly #store;
  readonly #producer;

  constructor({ store, producer }: { readonly store: MonitoredStores; readonly producer: Producer }) {
    this.#store = store;
    this.#producer = producer;
  }

  /** @throws AppError `unavailable` */
  readQueues(): Promise<readonly QueueFigures[]> {
    return readQueues(this.#producer);
  }

  /** The number of runs by phase: active runs, and runs that ended in the last 24 hours. */
  async readRuns(now: Date) {
    const endedSince = new Date(now.getTime() - endedForMs);
    const [exports, syncRuns] = await Promise.all([
      this.#store.bulkExports.countByPhase(endedSince),
      this.#store.syncRuns.countByPhase(endedSince),
    ]);
    return { exports, syncRuns };
  }

  /** The last pass of retention over each kind of record. */
  retention() {
    return this.#store.listRetentionStates();
  }

  /** The processes that have reported within the last hour, the newest first. */
  processes(now: Date): Promise<readonly ProcessState[]> {
    return this.#store.processStates.list(now);
  }

  /** Whether a running worker calls webhooks at private addresses. @returns undefined if no worker says so */
  async callsPrivateNetwork(now: Date): Promise<boolean | undefined> {
    const processes = await this.#store.processStates.list(now);
    const answers = processes
      .filter((process) => processStatus(process, now) === 'running')
      .flatMap((process) => process.callsPrivateNetwork ?? []);
    return answers.length === 0 ? undefined : answers.includes(true);
  }
}

/** The figures of a queue, in seconds like its metrics. */
export function toQueueView({ queue, jobs, oldestMs, workers, isPaused }: QueueFigures) {
  return { queue, jobs, oldestSeconds: Math.round(oldestMs / 1000), workers, paused: isPaused };
}

/** @throws AppError `unavailable` */
export async function readQueues(producer: Producer): Promise<readonly QueueFigures[]> {
  try {
    // Without this ping, reading a queue would wait until Redis is available again.
    await producer.ping();
    return await producer.readFigures();
  } catch (cause) {
    throw unavailable(cause);
  }
}
