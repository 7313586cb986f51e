import type { Tracing } from '@bulkhead/runtime';
import type { Job } from 'bullmq';
import type { QueueName } from './catalog.ts';

/** Ids of ours that runs are looked for by; others may have a patient's in them. */
const tracedIds = ['exportId', 'syncRunId', 'connectionId', 'scheduleId'];

/**
 * A job goes on with the trace of whoever has added it. What a scheduler brings again and again has a trace of its own each
 * time, which names the one that it comes of: an export of two days would be one of thousands of spans.
 */
export function spanOf(options: {
  readonly job: Job;
  readonly queue: QueueName;
  readonly payload: Readonly<Record<string, unknown>>;
}): Parameters<Tracing['span']>[0] {
  const { job, queue, payload } = options;
  const carried = job.opts.telemetry?.metadata;
  const ids = tracedIds.flatMap((name) => {
    const id = payload[name];
    return typeof id === 'string' ? [[`bulkhead.${name}`, id] as const] : [];
  });
  return {
    name: job.name,
    kind: 'consumer',
    ...(job.repeatJobKey === undefined ? { parent: carried } : { link: carried }),
    attributes: {
      'messaging.system': 'bullmq',
      'messaging.destination.name': queue,
      'bulkhead.attempt': job.attemptsMade + 1,
      ...Object.fromEntries(ids),
    },
  };
}
