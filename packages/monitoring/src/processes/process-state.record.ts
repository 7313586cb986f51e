import type { Immutable } from '@bulkhead/base';
import { countSchema } from '@bulkhead/store';
import { z } from 'zod';

/** What each process counts. See `process-reporter.ts` for the metrics from which the counts are taken. */
export const processCounts = [
  'stalls',
  'dropped-audit-lines',
  'requests',
  'failed-requests',
  'ehr-requests',
  'failed-ehr-requests',
  'refused-tokens',
] as const;
export type ProcessCount = (typeof processCounts)[number];

/** Processes report every 15 s. Four missing reports are not a slow database. */
export const maxSilenceMs = 60_000;

/** What a process says about itself. It writes the record every few seconds. */
export const processStateSchema = z.strictObject({
  /** New for each start of a process. */
  id: z.string(),
  kind: z.enum(['api', 'serve', 'worker']),
  host: z.string(),
  pid: countSchema,
  /** Of Bulkhead. */
  version: z.string().exactOptional(),
  /** The queues that a worker serves. */
  queues: z.array(z.string()).exactOptional(),
  /** Whether a worker calls webhooks over http and at private addresses. */
  callsPrivateNetwork: z.boolean().exactOptional(),
  startedAt: z.date(),
  reportedAt: z.date(),
  /** The process has stopped in an orderly way. A process that has crashed leaves `false`. */
  isStopped: z.boolean(),
  /** The dependencies that do not answer: `redis` or `mongodb`. */
  down: z.array(z.string()),
  /** When this process last completed a sweep. */
  sweptAt: z.date().exactOptional(),
  /** What has happened in the last 15 minutes. Counts of zero are left out. */
  counts: z.array(
    z.strictObject({ name: z.enum(processCounts), provider: z.string().exactOptional(), count: countSchema }),
  ),
});
export type ProcessState = Immutable<z.output<typeof processStateSchema>>;

/** `silent`: the process has crashed, or cannot reach the database. */
export const processStatuses = ['running', 'silent', 'stopped'] as const;

export function processStatus(
  { isStopped, reportedAt }: Pick<ProcessState, 'isStopped' | 'reportedAt'>,
  now: Date,
): (typeof processStatuses)[number] {
  if (isStopped) return 'stopped';
  return now.getTime() - reportedAt.getTime() > maxSilenceMs ? 'silent' : 'running';
}
