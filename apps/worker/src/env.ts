import { auditEnvShape } from '@bulkhead/access/audit';
import { parseEnv, processEnvShape } from '@bulkhead/base';
import { proxyEnvShape } from '@bulkhead/base/egress';
import { encryptionEnvShape, type Unwrapped, unwrapKeys } from '@bulkhead/base/encryption';
import { queueNames } from '@bulkhead/queues';
import { z } from 'zod';

const onOff = z.enum(['on', 'off']);
/** At most a century. A longer time is a mistake and does not fit in a date. */
const retentionDays = z.coerce.number().int().min(0).max(36_525);

export const workerEnvSchema = z.object({
  ...processEnvShape,
  ...encryptionEnvShape,
  ...auditEnvShape,
  ...proxyEnvShape,
  /** The queues that this process serves, so that polls and downloads can be scaled separately. */
  WORKER_QUEUES: z
    .string()
    .default(queueNames.join(','))
    .transform((text) => text.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(queueNames)).min(1)),
  /** The interval of the guide, 30 s. Lower it only for a server of your own. */
  WORKER_POLL_INTERVAL_MS: z.coerce.number().int().min(50).default(30_000),
  /** Another worker takes over the job of a killed worker after this time. */
  WORKER_LOCK_MS: z.coerce.number().int().min(1000).default(60_000),
  /** The interval at which the sweep looks for records without a job. */
  WORKER_SWEEP_INTERVAL_MS: z.coerce.number().int().min(1000).default(60_000),
  /** `off` sends resources through the driver's `bulkWrite`, which takes more CPU time. It is a way out if a fault is suspected. */
  WORKER_RAW_WRITES: onOff.default('on'),
  /** Whether webhooks may be sent to private networks, also over plain HTTP. */
  WORKER_WEBHOOK_PRIVATE_NETWORK: z.stringbool().default(false),
  /** Whether the documents that DiagnosticReport and DocumentReference refer to are downloaded. */
  WORKER_DOCUMENTS: onOff.default('on'),
  /** Larger documents are skipped. Most reports have about 100 kB and scanned charts about 10 MB. */
  WORKER_DOCUMENT_MAX_MEGABYTES: z.coerce.number().int().min(1).max(1000).default(100),
  /** Whether audio and video are downloaded too. They are large and rarely needed. */
  WORKER_DOCUMENT_MEDIA: onOff.default('off'),
  /** Records are deleted after this number of days; 0 means never. docs/retention.md has the reason for each. */
  WORKER_RETAIN_EXPORT_DAYS: retentionDays.default(90),
  WORKER_RETAIN_SYNC_RUN_DAYS: retentionDays.default(90),
  WORKER_RETAIN_QUARANTINE_DAYS: retentionDays.default(0),
  WORKER_RETAIN_REPLAYED_LINE_DAYS: retentionDays.default(90),
  WORKER_RETAIN_DOCUMENT_DAYS: retentionDays.default(90),
  WORKER_RETAIN_TOMBSTONE_DAYS: retentionDays.default(730),
  WORKER_RETAIN_WEBHOOK_DELIVERY_DAYS: retentionDays.default(30),
  /** If it is not set, the worker has no /health, /ready and /metrics. */
  WORKER_HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  /** The interface of the health port. It answers without a key, so other machines reach it only if that is wanted. */
  WORKER_HEALTH_HOST: z.string().default('127.0.0.1'),
});
export type WorkerConfig = Unwrapped<z.output<typeof workerEnvSchema>>;

export async function readWorkerConfig(env: NodeJS.ProcessEnv): Promise<WorkerConfig> {
  return unwrapKeys(parseEnv(workerEnvSchema, env), env);
}
