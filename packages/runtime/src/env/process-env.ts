import { z } from 'zod';
import { isKeyText } from '../encryption-key/unwrap-keys.ts';
import { isLineTarget } from '../logs/create-line-sink.ts';

// One text for what is missing and what is wrong: both times it says what to set.
const notAKey =
  'must be 32 bytes in base64, as `openssl rand -base64 32` makes them, or a wrapped key that wrap-encryption-key printed';
const notADatabase = 'must be a mongodb:// or mongodb+srv:// URI with the name of a database in its path';

const encryptionKeySchema = z.string({ error: notAKey }).refine(isKeyText, notAKey);

/** What every process of the system needs from its environment; each app adds its own. */
export const processEnvShape = {
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' }),
  // The driver would take the database `test` where none is named.
  MONGODB_URI: z.string({ error: notADatabase }).regex(/^mongodb(\+srv)?:\/\/[^/]+\/[^/?]+/, notADatabase),
  /** Encrypts and decrypts. `unwrapKeys` makes the key of its text, and of those below. */
  BULKHEAD_ENCRYPTION_KEY: encryptionKeySchema,
  /** Only open: several with commas. */
  BULKHEAD_PREVIOUS_ENCRYPTION_KEYS: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter((key) => key.trim() !== ''))
    .pipe(z.array(encryptionKeySchema)),
  /** Of every key in Redis; in braces, so that a Redis Cluster keeps a queue's keys together. */
  BULKHEAD_PREFIX: z.string().min(1).default('{bulkhead}'),
  /** How long audit events are kept; left out: six years. */
  BULKHEAD_AUDIT_DAYS: z.coerce.number().int().min(1).max(36_500).optional(),
  /** Where audit events are sent as they happen; left out: nowhere. */
  BULKHEAD_AUDIT_STREAM: z
    .string()
    .refine(
      isLineTarget,
      'must be stdout, syslog://host, syslog+tcp://host or syslog+tls://host, each with a port or without',
    )
    .optional(),
  BULKHEAD_AUDIT_FORMAT: z.enum(['json', 'fhir']).default('json'),
  /**
   * A process whose event loop is blocked for this long kills itself; 0: never. 120: twice WORKER_LOCK_MS, after which other
   * workers have its jobs.
   */
  BULKHEAD_FREEZE_EXIT_SECONDS: z.coerce.number().int().min(0).default(120),
  /** In the answer of `/health`. */
  BULKHEAD_INSTANCE_ID: z.string().min(1).max(100).optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).optional(),
  /** The guide's debug mode: `athenahealth:*`. */
  DEBUG: z.string().optional(),
  ATHENAHEALTH_CLIENT_ID: z.string().optional(),
  ATHENAHEALTH_CLIENT_SECRET: z.string().optional(),
  ATHENAHEALTH_REDIRECT_URI: z.url().optional(),
  ATHENAHEALTH_FHIR_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  ATHENAHEALTH_DEFAULT_SCHEDULE: z.string().optional(),
  BULKHEAD_PROVIDERS_FILE: z.string().optional(),
  /** OpenTelemetry's own names: a collector of OTLP over HTTP, and how many of the traces are recorded. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }).optional(),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  /** What Prometheus shows at `/metrics`; as long as a random one is at least. */
  METRICS_TOKEN: z
    .string()
    .min(16, 'must have at least 16 characters, as `openssl rand -hex 16` makes them')
    .optional(),
};

/** LOG_LEVEL, or `debug` where the guide's DEBUG=athenahealth:* asks for it, or `info`. */
export function logLevel({
  LOG_LEVEL,
  DEBUG,
}: {
  LOG_LEVEL?: LogLevel | undefined;
  DEBUG?: string | undefined;
}): LogLevel {
  return LOG_LEVEL ?? (/(^|[\s,])(\*|athenahealth)/.test(DEBUG ?? '') ? 'debug' : 'info');
}

type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
