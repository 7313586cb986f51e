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
import { createProviderRegistry } from '@bulkhead/ehr/providers';
import {
  actionNames,
  createHttpApp,
  DownloadSlots,
  EventStreams,
  eventStreamLimits,
  type HttpLimits,
  HttpServer,
  RefusedAttempts,
  RequestLimits,
} from '@bulkhead/http';
import { ProcessReporter } from '@bulkhead/monitoring';
import { connectRedis, disconnectRedis } from '@bulkhead/queues/redis';
import { createServingServices, createStore, storeOptions } from '@bulkhead/system/serving';
import { type RequestHandler, Router } from 'express';
import manifest from '../package.json' with { type: 'json' };
import { createServedDocument } from './document.ts';
import { endpoints } from './endpoints/endpoints.ts';
import type { ServeConfig } from './env.ts';

/** Of Bulkhead: a release sets it in every package. */
const { version } = manifest;

/** Builds a process that answers with stored data. It knows no queue and no EHR, so that its end costs readers an answer and nothing else. */
export function buildServe({
  config,
  logger,
  metrics = createMetrics(),
  tracing = noTracing,
  serverLimits,
  drainMs,
}: {
  readonly config: ServeConfig;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  readonly tracing?: Tracing | undefined;
  readonly serverLimits?: HttpLimits | undefined;
  /** For tests that stop many processes. */
  readonly drainMs?: number | undefined;
}): App & { readonly port: number } {
  const recurringErrors = new RecurringErrorLog(logger);
  const host = redisHosts(config.REDIS_URL);
  const onError = (error: Error) =>
    recurringErrors.warn('redis connection failed: check REDIS_URL, and that Redis runs at this host', { host, error });
  const registry = createProviderRegistry(config);
  const redis = connectRedis({ url: config.REDIS_URL, waiting: false, onError });
  const auditStream = createAuditStream({ config, logger, metrics });
  const store = createStore({
    ...storeOptions(config),
    processKind: 'serve',
    // It stores no resources.
    writesRaw: false,
    onCommand: traceCommands(tracing),
    onAuditEvent: auditStream?.send,
  });
  const services = createServingServices({ store, registry, hasKeyLogin: config.API_KEY_LOGIN === 'on' });
  const refusedAttempts = new RefusedAttempts({ audit: services.audit, logger });
  const limits = new RequestLimits({
    redis,
    prefix: config.BULKHEAD_PREFIX,
    requestsPerMinute: config.API_REQUESTS_PER_MINUTE,
    refusalsPerMinute: config.API_REFUSALS_PER_MINUTE,
    authorizationsPerMinute: config.API_AUTHORIZATIONS_PER_MINUTE,
  });
  const providers = followProviders({ store, registry, logger });
  const stopping = new AbortController();
  const streams = new EventStreams({ limits: eventStreamLimits, logger });
  const eventLoop = new EventLoopMonitor({ metrics, logger });
  const health = createHealth(
    { mongodb: store.ping, redis: async () => void (await redis.ping()) },
    { instanceId: config.BULKHEAD_INSTANCE_ID, version, eventLoop },
  );
  watchHealth(metrics, health);
  const reporter = new ProcessReporter({ kind: 'serve', store, metrics, health, facts: { version } });
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
      auditActions: actionNames(endpoints),
      limits,
      streams,
      stopping: stopping.signal,
      downloads: new DownloadSlots(),
      publicUrl: config.API_PUBLIC_URL,
    },
    trustProxy: config.SERVE_TRUST_PROXY,
    metricsToken: config.METRICS_TOKEN,
    before: config.API_DOCS === 'on' ? [documentRoute()] : [],
  });
  const server = new HttpServer({ app, limits: serverLimits, drainMs, variable: 'SERVE_PORT' });

  return {
    get port() {
      return server.port;
    },
    async start() {
      await store.connect();
      await server.listen({ port: config.SERVE_PORT, host: config.SERVE_HOST });
      refusedAttempts.start();
      await providers.start();
      // Last, because the record of a process that cannot have its port would look like a crash.
      await reporter.start();
      logger.info('serve started', { port: this.port });
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
      await store.close();
      await auditStream?.stop();
      disconnectRedis(redis);
      await tracing.stop();
    },
  };
}

/** The API reads it for `/openapi.json` and `/docs`. */
function documentRoute(): RequestHandler {
  let document: ReturnType<typeof createServedDocument> | undefined;
  return Router().get('/openapi.json', (_request, response) => {
    document ??= createServedDocument();
    response.json(document);
  });
}
