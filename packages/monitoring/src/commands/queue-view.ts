import type { QueueFigures } from '@bulkhead/queues';

/** How a queue stands, in seconds as its metrics are. */
export function toQueueView({ queue, jobs, oldestMs, workers }: QueueFigures) {
  return { queue, jobs, oldestSeconds: Math.round(oldestMs / 1000), workers };
}
