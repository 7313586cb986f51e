import { queueNames } from '@bulkhead/queues';
import { parseEnv, processEnvShape, type Unwrapped, unwrapKeys } from '@bulkhead/runtime';
import { z } from 'zod';

const onOff = z.enum(['on', 'off']);
/** A century at most: a longer time is a mistake, and does not fit in a date. */
const retentionDays = z.coerce.number().int().min(0).max(36_525);

export const workerEnvSchema = z.object({
  ...processEnvShape,
  /** Which queues this process serves, so that polls and downloads scale apart. */
  WORKER_QUEUES: z
    .string()
    .default(queueNames.join(','))
    .transform((text) => text.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(queueNames)).min(1)),
  /** The guide's 30 s. Lower only against a server of your own. */
  WORKER_POLL_INTERVAL_MS: z.coerce.number().int().min(50).default(30_000),
  /** How long a killed worker's job waits before another takes it over. */
  WORKER_LOCK_MS: z.coerce.number().int().min(1000).default(60_000),
  /** How often records without a job are looked for. */
  WORKER_SWEEP_INTERVAL_MS: z.coerce.number().int().min(1000).default(60_000),
  /** Whether clients on the own network may be called back, also by plain http. */
  WORKER_WEBHOOK_PRIVATE_NETWORK: z.stringbool().default(false),
  /** Whether the documents that DiagnosticReport and DocumentReference point to are fetched. */
  WORKER_DOCUMENTS: onOff.default('on'),
  /** Larger ones are left out: most reports have some 100 kB, scanned charts some 10 MB. */
  WORKER_DOCUMENT_MAX_MEGABYTES: z.coerce.number().int().min(1).max(1000).default(100),
  /** Whether audio and video are fetched too: large, and rarely wanted. */
  WORKER_DOCUMENT_MEDIA: onOff.default('off'),
  /** Days after which records are deleted; 0: never. docs/env.md has the reason of each. */
  WORKER_RETAIN_EXPORT_DAYS: retentionDays.default(90),
  WORKER_RETAIN_SYNC_RUN_DAYS: retentionDays.default(90),
  WORKER_RETAIN_QUARANTINE_DAYS: retentionDays.default(0),
  WORKER_RETAIN_REPLAYED_LINE_DAYS: retentionDays.default(90),
  WORKER_RETAIN_DOCUMENT_DAYS: retentionDays.default(90),
  WORKER_RETAIN_TOMBSTONE_DAYS: retentionDays.default(730),
  WORKER_RETAIN_WEBHOOK_DELIVERY_DAYS: retentionDays.default(30),
  /** Left out: no /health, /ready and /metrics. */
  WORKER_HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
});
export type WorkerConfig = Unwrapped<z.output<typeof workerEnvSchema>>;

export async function readWorkerConfig(env: NodeJS.ProcessEnv): Promise<WorkerConfig> {
  return unwrapKeys({ config: parseEnv(workerEnvSchema, env), env });
}
