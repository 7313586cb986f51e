import { z } from 'zod';

export const queueNames = [
  'bulk-export',
  'file-download',
  'sync',
  'document',
  'webhook',
  'connection',
  'maintenance',
] as const;
export type QueueName = (typeof queueNames)[number];

/** The whole definition of a job. Its work is in `apps/worker/src/handlers.ts`. */
export interface JobDefinition<Schema extends z.ZodType = z.ZodType> {
  readonly queue: QueueName;
  /** Contains only ids, because Redis and Bull Board show payloads. */
  readonly payload: Schema;
  /** The job's id in Redis. Adding the same work twice makes one job. Letters, digits, `.`, `_` and `-` (BullMQ rejects `:`). */
  readonly jobId: (payload: z.output<Schema>) => string;
  /** The number of attempts in all. Waits that an error asks for do not count. */
  readonly attempts: number;
  /** The wait before the second attempt. It doubles with each attempt, with jitter. */
  readonly backoffMs: number;
  /** An attempt that takes longer is aborted through its signal and counts as failed. */
  readonly timeoutMs: number;
}

const exportPayload = z.strictObject({ exportId: z.string().min(1) });
const filePayload = z.strictObject({ exportId: z.string().min(1), fileId: z.string().min(1) });
const syncPayload = z.strictObject({ syncRunId: z.string().min(1) });
const stepPayload = z.strictObject({ syncRunId: z.string().min(1), stepId: z.string().min(1) });
const connectionPayload = z.strictObject({ connectionId: z.string().min(1) });
const authorizationPayload = z.strictObject({ authorizationId: z.string().min(1) });
const minutes = 60_000;

const once = { attempts: 1, backoffMs: 0 };
const threeTimes = { attempts: 3, backoffMs: 1000 };
/** 5 s doubled 9 times is 43 min. */
const tenTimes = { attempts: 10, backoffMs: 5000 };

export const catalog = {
  'export.kick-off': define({
    queue: 'bulk-export',
    payload: exportPayload,
    jobId: ({ exportId }) => `kick-off.${exportId}`,
    // An EHR that is down for a quarter of an hour does not fail a nightly export.
    ...tenTimes,
    timeoutMs: 10 * minutes,
  }),
  'export.poll': define({
    queue: 'bulk-export',
    payload: exportPayload,
    jobId: ({ exportId }) => `poll.${exportId}`,
    // The scheduler's next iteration is the retry.
    ...once,
    // Writing a manifest of 20,000 files and its flow takes seconds.
    timeoutMs: 10 * minutes,
  }),
  'export.finalize': define({
    queue: 'bulk-export',
    payload: exportPayload,
    jobId: ({ exportId }) => `finalize.${exportId}`,
    ...tenTimes,
    timeoutMs: 10 * minutes,
  }),
  'export.discard': define({
    queue: 'bulk-export',
    payload: exportPayload,
    jobId: ({ exportId }) => `discard.${exportId}`,
    // No user waits for this, and the server's copy expires eventually.
    ...tenTimes,
    timeoutMs: 2 * minutes,
  }),
  'export.resume': define({
    queue: 'bulk-export',
    payload: exportPayload,
    jobId: ({ exportId }) => `resume.${exportId}`,
    // The sweep does the same within a minute.
    ...threeTimes,
    timeoutMs: 2 * minutes,
  }),
  'file.download': define({
    queue: 'file-download',
    payload: filePayload,
    jobId: ({ fileId }) => `download.${fileId}`,
    // Attempts are cheap, because a resumed download loses nothing.
    ...tenTimes,
    // 5 GB at 1 MB/s take 84 min. A stalled socket is closed much earlier by its own idle timeout.
    timeoutMs: 6 * 60 * minutes,
  }),
  'sync.plan': define({
    queue: 'sync',
    payload: syncPayload,
    jobId: ({ syncRunId }) => `plan.${syncRunId}`,
    // As for a kick-off, an EHR that is down for a quarter of an hour does not fail a nightly sync.
    ...tenTimes,
    timeoutMs: 10 * minutes,
  }),
  'sync.resume': define({
    queue: 'sync',
    payload: syncPayload,
    jobId: ({ syncRunId }) => `resume.${syncRunId}`,
    // The sweep does the same within a minute.
    ...threeTimes,
    timeoutMs: 5 * minutes,
  }),
  'sync.step': define({
    queue: 'sync',
    payload: stepPayload,
    jobId: ({ stepId }) => `step.${stepId}`,
    // Attempts are cheap, because a step resumes at its page. 5 s doubled 7 times is 11 min.
    attempts: 8,
    backoffMs: 5000,
    // A dozen searches of a patient, each with several pages, after all polls and downloads of the same budget.
    timeoutMs: 60 * minutes,
  }),
  'sync.finalize': define({
    queue: 'sync',
    payload: syncPayload,
    jobId: ({ syncRunId }) => `finalize.${syncRunId}`,
    ...tenTimes,
    timeoutMs: 2 * minutes,
  }),
  'webhook.notify': define({
    queue: 'webhook',
    payload: z.strictObject({ kind: z.enum(['bulk-export', 'sync-run']), id: z.string().min(1) }),
    jobId: ({ id }) => `notify.${id}`,
    // The sweep does the same within a minute.
    ...threeTimes,
    timeoutMs: 1 * minutes,
  }),
  'webhook.deliver': define({
    queue: 'webhook',
    payload: z.strictObject({ deliveryId: z.string().min(1) }),
    jobId: ({ deliveryId }) => `deliver.${deliveryId}`,
    // A receiver may be unavailable for a night. 10 s doubled 13 times is 23 h.
    attempts: 14,
    backoffMs: 10_000,
    timeoutMs: 1 * minutes,
  }),
  'quarantine.replay': define({
    queue: 'maintenance',
    payload: z.strictObject({ quarantineId: z.string().min(1) }),
    jobId: ({ quarantineId }) => `replay.${quarantineId}`,
    ...threeTimes,
    timeoutMs: 2 * minutes,
  }),
  'document.fetch': define({
    queue: 'document',
    payload: z.strictObject({ documentId: z.string().min(1) }),
    jobId: ({ documentId }) => `fetch.${documentId}`,
    // As for a file, attempts are cheap, because a resumed download loses nothing.
    ...tenTimes,
    // 1 GB, the largest size that a deployment may allow, at 500 kB/s takes 33 min.
    timeoutMs: 60 * minutes,
  }),
  'connection.read-capabilities': define({
    queue: 'connection',
    payload: connectionPayload,
    jobId: ({ connectionId }) => `capabilities.${connectionId}`,
    ...threeTimes,
    timeoutMs: 2 * minutes,
  }),
  'connection.test': define({
    queue: 'connection',
    payload: connectionPayload,
    jobId: ({ connectionId }) => `test.${connectionId}`,
    // The test reports the current state, so users repeat it themselves.
    ...once,
    // A token request may have to wait a minute for its budget.
    timeoutMs: 3 * minutes,
  }),
  'connection.test-draft': define({
    queue: 'connection',
    payload: z.strictObject({ draftId: z.string().min(1) }),
    jobId: ({ draftId }) => `test-draft.${draftId}`,
    // As for `connection.test`.
    ...once,
    timeoutMs: 3 * minutes,
  }),
  'connection.revoke': define({
    queue: 'connection',
    payload: connectionPayload,
    jobId: ({ connectionId }) => `revoke.${connectionId}`,
    // No user waits for this, and tokens expire eventually.
    ...tenTimes,
    timeoutMs: 2 * minutes,
  }),
  'authorization.prepare': define({
    queue: 'connection',
    payload: authorizationPayload,
    jobId: ({ authorizationId }) => `prepare.${authorizationId}`,
    // A browser waits for this. A failure is shown, and the user tries again.
    ...once,
    timeoutMs: 1 * minutes,
  }),
  'authorization.redeem': define({
    queue: 'connection',
    payload: authorizationPayload,
    jobId: ({ authorizationId }) => `redeem.${authorizationId}`,
    // A code works only once.
    ...once,
    timeoutMs: 2 * minutes,
  }),
  'schedule.run': define({
    queue: 'maintenance',
    payload: z.strictObject({ scheduleId: z.string().min(1) }),
    jobId: ({ scheduleId }) => `schedule.${scheduleId}`,
    // The sweep does the same within a minute.
    ...threeTimes,
    timeoutMs: 2 * minutes,
  }),
  'maintenance.sweep': define({
    queue: 'maintenance',
    payload: z.strictObject({}),
    jobId: () => 'sweep',
    ...once,
    timeoutMs: 5 * minutes,
  }),
  'maintenance.erase': define({
    queue: 'maintenance',
    payload: z.strictObject({ erasureId: z.string().min(1) }),
    jobId: ({ erasureId }) => `erase.${erasureId}`,
    // The sweep adds the job again until the erasure is done.
    ...tenTimes,
    // Enough for 10 million resources at about 5,000 per second. The next attempt continues with the rest.
    timeoutMs: 60 * minutes,
  }),
  'maintenance.sample-history': define({
    queue: 'maintenance',
    payload: z.strictObject({}),
    jobId: () => 'sample-history',
    // The next one comes within a minute, and it includes the runs of this one.
    ...once,
    timeoutMs: 1 * minutes,
  }),
  'maintenance.keep-audit-head': define({
    queue: 'maintenance',
    payload: z.strictObject({}),
    jobId: () => 'keep-audit-head',
    // The next one comes within an hour.
    ...once,
    timeoutMs: 1 * minutes,
  }),
  'maintenance.retain': define({
    queue: 'maintenance',
    payload: z.strictObject({}),
    jobId: () => 'retain',
    // The next run, an hour later, is the retry. It continues where this one stopped.
    ...once,
    // 50,000 records of each kind take minutes.
    timeoutMs: 20 * minutes,
  }),
} as const;

export type JobName = keyof typeof catalog;
export type JobPayload<Name extends JobName> = z.output<(typeof catalog)[Name]['payload']>;

export function isJobName(name: string): name is JobName {
  return Object.hasOwn(catalog, name);
}

function define<Schema extends z.ZodType>(definition: JobDefinition<Schema>): JobDefinition<Schema> {
  return definition;
}
