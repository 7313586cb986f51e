import type { Logger } from '@bulkhead/base';
import { sweepJob } from '@bulkhead/monitoring/jobs';
import type { Producer } from '@bulkhead/queues';

/**
 * Keeps the sweep scheduled. The sweep repairs what a loss of Redis deleted, and its own schedule is lost with it. So each worker checks
 * with a timer, which does not need Redis, that the schedule exists.
 */
export function createSweepScheduler(options: {
  readonly producer: Producer;
  readonly logger: Logger;
  readonly everyMs: number;
}): { start(): Promise<void>; stop(): void } {
  const { producer, logger, everyMs } = options;
  let timer: NodeJS.Timeout | undefined;
  const ensureScheduled = async (): Promise<void> => {
    if (await producer.isScheduled(sweepJob, {})) return;
    await producer.schedule({ job: sweepJob, payload: {}, everyMs });
  };
  return {
    async start() {
      await ensureScheduled();
      timer = setInterval(() => {
        ensureScheduled().catch((error: unknown) => logger.warn('sweep could not be scheduled', { error }));
      }, everyMs);
    },
    stop() {
      clearInterval(timer);
    },
  };
}
