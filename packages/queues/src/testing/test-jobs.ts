import { z } from 'zod';
import { defineJob, type JobContext, minuteMs, once, tenTimes, threeTimes } from '../define-job.ts';

/** The payload of any test job. */
interface AnyPayload {
  readonly exportId: string;
  readonly fileId: string;
  readonly connectionId: string;
  readonly stepId: string;
}

export type TestRun = (job: AnyPayload & JobContext) => Promise<unknown>;

/** What a test job does, for one process. */
export interface TestHandler {
  readonly run: (deps: unknown, job: AnyPayload & JobContext) => Promise<unknown>;
  readonly onFinalFailure?: (deps: unknown, job: AnyPayload & { readonly error: unknown }) => Promise<unknown>;
}

const exportPayload = z.strictObject({ exportId: z.string().min(1) });
const filePayload = exportPayload.extend({ fileId: z.string().min(1) });
const connectionPayload = z.strictObject({ connectionId: z.string().min(1) });

/** Jobs of the kinds that features define. */
export const testJobs = {
  kickOff: defineJob({
    name: 'test.kick-off',
    queue: 'bulk-export',
    payload: exportPayload,
    jobId: ({ exportId }) => `kick-off.${exportId}`,
    ...tenTimes,
    timeoutMs: 10 * minuteMs,
    tracedIds: ['exportId'],
  }),
  poll: defineJob({
    name: 'test.poll',
    queue: 'bulk-export',
    payload: exportPayload,
    jobId: ({ exportId }) => `poll.${exportId}`,
    ...once,
    timeoutMs: 10 * minuteMs,
  }),
  finalize: defineJob({
    name: 'test.finalize',
    queue: 'bulk-export',
    payload: exportPayload,
    jobId: ({ exportId }) => `finalize.${exportId}`,
    ...tenTimes,
    timeoutMs: 10 * minuteMs,
  }),
  download: defineJob({
    name: 'test.download',
    queue: 'file-download',
    payload: filePayload,
    jobId: ({ fileId }) => `download.${fileId}`,
    ...tenTimes,
    timeoutMs: 360 * minuteMs,
    reportsProgress: true,
  }),
  step: defineJob({
    name: 'test.step',
    queue: 'sync',
    payload: z.strictObject({ stepId: z.string().min(1) }),
    jobId: ({ stepId }) => `step.${stepId}`,
    ...tenTimes,
    timeoutMs: 60 * minuteMs,
  }),
  capabilities: defineJob({
    name: 'test.capabilities',
    queue: 'connection',
    payload: connectionPayload,
    jobId: ({ connectionId }) => `capabilities.${connectionId}`,
    ...threeTimes,
    timeoutMs: 2 * minuteMs,
    tracedIds: ['connectionId'],
  }),
  test: defineJob({
    name: 'test.test',
    queue: 'connection',
    payload: connectionPayload,
    jobId: ({ connectionId }) => `test.${connectionId}`,
    ...once,
    timeoutMs: 3 * minuteMs,
  }),
  schedule: defineJob({
    name: 'test.schedule',
    queue: 'maintenance',
    payload: z.strictObject({ scheduleId: z.string().min(1) }),
    jobId: ({ scheduleId }) => `schedule.${scheduleId}`,
    ...threeTimes,
    timeoutMs: 2 * minuteMs,
  }),
};
