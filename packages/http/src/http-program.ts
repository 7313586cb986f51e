import { createAuditStream } from '@bulkhead/access/audit';
import {
  type App,
  createHealth,
  createMetrics,
  EventLoopMonitor,
  type Logger,
  type Metrics,
  noTracing,
  RecurringErrorLog,
  redisHosts,
  type Tracing,
  traceCommands,
  watchHealth,
} from '@bulkhead/base';
import { followProviders } from '@bulkhead/connections';
import { type CurrentRegistry, createProviderRegistry } from '@bulkhead/ehr/providers';
import { ProcessReporter } from '@bulkhead/monitoring';
import { connectRedis, disconnectRedis } from '@bulkhead/queues/redis';
import { createStore, type Store, storeOptions } from '@bulkhead/system/store';
import type { RequestHandler } from 'express';
import { createHttpApp, type HttpAppOptions } from './create-http-app.ts';
import type { Endpoint, HttpServices } from './define-endpoint.ts';
import type { HttpConfig } from './env.ts';
import { type EventStreamLimits, EventStreams, eventStreamLimits } from './events/event-streams.ts';
import { type HttpLimits, HttpServer } from './http-server.ts';
import { DownloadSlots } from './limits/download-slots.ts';
import { RequestLimits } from './limits/request-limits.ts';
import { RefusedAttempts } from './refused-attempts.ts';

/** The options of a program. All but the configuration and the logger have a default. */
export interface HttpProgramOptions<Config> {
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
  readonly tracing?: Tracing | undefined;
  readonly serverLimits?: HttpLimits | undefined;
  /** For tests that stop many processes. */
  readonly drainMs?: number | undefined;
  readonly streamLimits?: EventStreamLimits | undefined;
}

/** What the parts of a program are made from. */
export interface HttpFoundation {
  readonly store: Store;
  readonly registry: CurrentRegistry;
  readonly redis: ReturnType<typeof connectRedis>;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  readonly limits: RequestLimits;
  /** Logs that Redis failed, not more often than is of use. */
  readonly onRedisError: (error: Error) => void;
}

/** What only this program has. */
export interface HttpProgramParts extends Pick<HttpAppOptions, 'passOn' | 'trustProxy'> {
  readonly services: HttpServices;
  /** Whether Redis can do what this program needs of it. */
  readonly checkRedis: () => Promise<void>;
  /** Routes without an endpoint, before and after those of the endpoints. */
  readonly before: (refusedAttempts: RefusedAttempts) => readonly RequestHandler[];
  readonly after?: readonly RequestHandler[];
  /** Once the database is open, and before the first request. */
  readonly onStart?: () => Promise<void>;
  /** After the last answer. */
  readonly onStop?: () => Promise<void>;
}

/** The program as a whole. */
interface HttpProgram {
  /** As `/api/ehr/processes` and the log name it. */
  readonly name: 'api' | 'serve';
  readonly version: string;
  /** `variable` sets the port, and is named if the port is in use. */
  readonly server: { readonly port: number; readonly host: string; readonly variable: string };
  readonly endpoints: readonly Endpoint[];
  /** The names of all actions that the audit log can have. */
  readonly auditActions: ReadonlySet<string>;
}

/** Builds a program that answers requests. It has limits, its health and metrics, a record among the processes, and one order of start and stop. */
export function buildHttpProgram(
  { name, version, server: at, endpoints, auditActions }: HttpProgram,
  options: HttpProgramOptions<HttpConfig>,
  build: (foundation: HttpFoundation) => HttpProgramParts,
): App & { readonly port: number } {
  const { config, logger, metrics = createMetrics(), tracing = noTracing } = options;
  const recurringErrors = new RecurringErrorLog(logger);
  const redisHost = redisHosts(config.REDIS_URL);
  const onRedisError = (error: Error) =>
    recurringErrors.warn('redis connection failed: check REDIS_URL, and that Redis runs at this host', {
      host: redisHost,
      error,
    });
  const registry = createProviderRegistry(config);
  const redis = connectRedis({ url: config.REDIS_URL, waiting: false, onError: onRedisError });
  const auditStream = createAuditStream({ config, logger, metrics });
  const store = createStore({
    ...storeOptions(config),
    processKind: name,
    // Workers store resources.
    writesRaw: false,
    onCommand: traceCommands(tracing),
    onAuditEvent: auditStream?.send,
  });
  const limits = new RequestLimits({
    redis,
    prefix: config.BULKHEAD_PREFIX,
    requestsPerMinute: config.API_REQUESTS_PER_MINUTE,
    refusalsPerMinute: config.API_REFUSALS_PER_MINUTE,
    authorizationsPerMinute: config.API_AUTHORIZATIONS_PER_MINUTE,
  });
  const parts = build({ store, registry, redis, metrics, tracing, limits, onRedisError });
  const { services } = parts;
  const refusedAttempts = new RefusedAttempts({ audit: services.audit, logger });
  const providers = followProviders({ store, registry, logger });
  const stopping = new AbortController();
  const streams = new EventStreams({ limits: options.streamLimits ?? eventStreamLimits, logger });
  const eventLoop = new EventLoopMonitor({ metrics, logger });
  const health = createHealth(
    { mongodb: store.ping, redis: parts.checkRedis },
    { instanceId: config.BULKHEAD_INSTANCE_ID, version, eventLoop },
  );
  watchHealth(metrics, health);
  const reporter = new ProcessReporter({ kind: name, store, metrics, health, facts: { version } });
  const app = createHttpApp({
    endpoints,
    services,
    limits,
    logger,
    tracing,
    process: {
      health,
      metrics,
      refusedAttempts,
      auditActions,
      limits,
      streams,
      stopping: stopping.signal,
      downloads: new DownloadSlots(),
      publicUrl: config.API_PUBLIC_URL,
    },
    trustProxy: parts.trustProxy,
    metricsToken: config.METRICS_TOKEN,
    passOn: parts.passOn,
    before: parts.before(refusedAttempts),
    after: parts.after,
  });
  const { serverLimits, drainMs } = options;
  const server = new HttpServer({ app, limits: serverLimits, drainMs, variable: at.variable });

  return {
    get port() {
      return server.port;
    },
    async start() {
      await store.connect();
      await parts.onStart?.();
      await server.listen(at);
      refusedAttempts.start();
      await providers.start();
      // Last, because the record of a process that cannot have its port would look like a crash.
      await reporter.start();
      logger.info(`${name} started`, { port: this.port });
    },
    async stop() {
      health.stop();
      eventLoop.stop();
      streams.stop();
      stopping.abort();
      providers.stop();
      await server.stop();
      await refusedAttempts.stop();
      await reporter.stop();
      await parts.onStop?.();
      await store.close();
      await auditStream?.stop();
      disconnectRedis(redis);
      await tracing.stop();
    },
  };
}
