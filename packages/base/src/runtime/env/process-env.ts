import { z } from 'zod';
import { readRedisUrl } from './redis-url.ts';

const notADatabase = 'must be a mongodb:// or mongodb+srv:// URI with the name of a database in its path';
const notARedisUrl =
  'must be a redis:// or rediss:// URL, or redis+sentinel://host1,host2,host3/name with the Sentinels of a primary';
const notAnHttpUrl = 'must be an http:// or https:// URL';

/** The variables that every process needs. Each app adds its own. */
export const processEnvShape = {
  REDIS_URL: z.string({ error: notARedisUrl }).refine((text) => readRedisUrl(text) !== undefined, notARedisUrl),
  // Without a name in the URI, the driver would use the database `test`.
  MONGODB_URI: z.string({ error: notADatabase }).regex(/^mongodb(\+srv)?:\/\/[^/]+\/[^/?]+/, notADatabase),
  /** The prefix of every key in Redis. The braces keep the keys of a queue on one node of a Redis Cluster. */
  BULKHEAD_PREFIX: z.string().min(1).default('{bulkhead}'),
  /**
   * A process kills itself if its event loop is blocked for this long; 0 disables this. The default is twice WORKER_LOCK_MS, after
   * which other workers have taken over its jobs.
   */
  BULKHEAD_FREEZE_EXIT_SECONDS: z.coerce.number().int().min(0).default(120),
  /** Shown in the response of `/health`. */
  BULKHEAD_INSTANCE_ID: z.string().min(1).max(100).optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).optional(),
  /** The guide's debug mode: `athenahealth:*`. */
  DEBUG: z.string().optional(),
  ATHENAHEALTH_CLIENT_ID: z.string().optional(),
  ATHENAHEALTH_CLIENT_SECRET: z.string().optional(),
  ATHENAHEALTH_REDIRECT_URI: z.url().optional(),
  ATHENAHEALTH_FHIR_ENDPOINT: z.url({ protocol: /^https?$/, error: notAnHttpUrl }).optional(),
  ATHENAHEALTH_DEFAULT_SCHEDULE: z.string().optional(),
  BULKHEAD_PROVIDERS_FILE: z.string().optional(),
  BULKHEAD_PROVIDERS: z.string().optional(),
  /** OpenTelemetry's own names: an OTLP/HTTP collector, and the fraction of traces that is recorded. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/, error: notAnHttpUrl }).optional(),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  /** The token that Prometheus sends to `/metrics`. A random token has at least this length. */
  METRICS_TOKEN: z
    .string()
    .min(16, 'must have at least 16 characters, as printed by `openssl rand -hex 16`')
    .optional(),
};

/** LOG_LEVEL if it is set. Otherwise `debug` if the guide's DEBUG=athenahealth:* is set, and `info` if it is not. */
export function logLevel(options: { LOG_LEVEL?: LogLevel | undefined; DEBUG?: string | undefined }): LogLevel {
  const { LOG_LEVEL, DEBUG } = options;
  return LOG_LEVEL ?? (/(^|[\s,])(\*|athenahealth)/.test(DEBUG ?? '') ? 'debug' : 'info');
}

type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
