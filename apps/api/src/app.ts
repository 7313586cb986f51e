import { join } from 'node:path';
import { createAuditStream } from '@bulkhead/access/audit';
import {
  type App,
  createHealth,
  createMetrics,
  EventLoopMonitor,
  exposedConnections,
  type Logger,
  type Metrics,
  noTracing,
  RecurringErrorLog,
  redisHosts,
  type Tracing,
  traceCommands,
  watchHealth,
} from '@bulkhead/base';
import { createEgressGuard, proxyOf, readJson, urlFault } from '@bulkhead/base/egress';
import { followProviders } from '@bulkhead/connections';
import { createProviderRegistry } from '@bulkhead/ehr/providers';
import {
  createHttpApp,
  DownloadSlots,
  type EventStreamLimits,
  EventStreams,
  eventStreamLimits,
  type HttpLimits,
  HttpServer,
  RefusedAttempts,
  RequestLimits,
} from '@bulkhead/http';
import { ProcessReporter } from '@bulkhead/monitoring';
import { checkRedis, connectRedis, disconnectRedis, Producer } from '@bulkhead/queues';
import { createServices, createStore, storeOptions } from '@bulkhead/system';
import { Router } from 'express';
import manifest from '../package.json' with { type: 'json' };
import { bullBoardPath, bullBoardRoute } from './browser/bull-board.ts';
import { consoleRoutes } from './browser/console.ts';
import { docsRoutes } from './browser/docs.ts';
import { loginRoutes } from './browser/login.ts';
import { auditActions, endpoints } from './endpoints/endpoints.ts';
import { type ApiConfig, identityProviderOf } from './env.ts';
import { passOnServed } from './pass-on-served.ts';
import { watchSystem } from './watch-system.ts';

/** Of Bulkhead: a release sets it in every package. */
const { version } = manifest;

/** Builds an API process from its configuration. All parts of the process are created here. */
export function buildApp({
  config,
  logger,
  metrics = createMetrics(),
  tracing = noTracing,
  kickOffWaitMs,
  serverLimits,
  drainMs,
  streamLimits = eventStreamLimits,
  testWaitMs,
}: {
  readonly config: ApiConfig;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  readonly tracing?: Tracing | undefined;
  /** How long a request that starts an export waits for its kick-off. */
  readonly kickOffWaitMs?: number | undefined;
  readonly serverLimits?: HttpLimits | undefined;
  /** For tests that stop many processes. */
  readonly drainMs?: number | undefined;
  readonly streamLimits?: EventStreamLimits | undefined;
  /** How long a request for a connection test waits for its result. */
  readonly testWaitMs?: number | undefined;
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
    processKind: 'api',
    onCommand: traceCommands(tracing),
    onAuditEvent: auditStream?.send,
  });
  const producer = new Producer({ redis, prefix: config.BULKHEAD_PREFIX, onError, tracing });
  const exposed = exposedConnections(config);
  const egressGuard = createEgressGuard({ proxy: proxyOf(config) });
  const rules = { privateNetwork: config.API_CLIENT_KEYS_PRIVATE_NETWORK };
  const services = createServices({
    store,
    producer,
    registry,
    redis,
    prefix: config.BULKHEAD_PREFIX,
    kickOffWaitMs,
    testWaitMs,
    version,
    clientKeys: {
      readJson: (url) => readJson({ guard: egressGuard, rules, url }),
      urlFault: (url) => urlFault(new URL(url), rules),
    },
    configuration: { exposed, encryptionKeySource: config.encryptionKeySource },
    hasKeyLogin: config.API_KEY_LOGIN === 'on',
  });
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
  const streams = new EventStreams({ limits: streamLimits, logger });
  const eventLoop = new EventLoopMonitor({ metrics, logger });
  const health = createHealth(
    { mongodb: store.ping, redis: () => producer.checkWritable() },
    { instanceId: config.BULKHEAD_INSTANCE_ID, version, eventLoop },
  );
  watchHealth(metrics, health);
  watchSystem({ metrics, services });
  const reporter = new ProcessReporter({ kind: 'api', store, metrics, health, facts: { version } });
  const { audit, sessions } = services;
  const hasKeyLogin = config.API_KEY_LOGIN === 'on';
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
    trustProxy: config.TRUST_PROXY,
    metricsToken: config.METRICS_TOKEN,
    passOn: (endpointsAt) => passOnServed({ serveUrl: config.SERVE_URL, endpointsAt, logger }),
    before: [
      ...(config.API_DOCS === 'on' ? [docsRoutes(config)] : []),
      loginRoutes({
        ...services,
        refusedAttempts,
        limits,
        logger,
        identityProvider: identityProviderOf(config),
        hasKeyLogin,
      }),
      Router().use(bullBoardPath, bullBoardRoute({ producer, sessions, audit, logger })),
    ],
    // After the API, so that requests of the API do not search for a file first.
    after: [
      consoleRoutes({ sessions, consoleDir: config.CONSOLE_DIR ?? join(import.meta.dirname, '../../console/dist') }),
    ],
  });
  const server = new HttpServer({ app, limits: serverLimits, drainMs, variable: 'PORT' });

  return {
    get port() {
      return server.port;
    },
    async start() {
      await store.connect();
      for (const reason of exposed) logger.warn('connection is exposed', { reason });
      for (const reason of await checkRedis(redis)) logger.warn('redis is not safe for queues', { reason });
      await server.listen({ port: config.PORT, host: config.HOST });
      refusedAttempts.start();
      await providers.start();
      // Last, because the record of a process that cannot have its port would look like a crash.
      await reporter.start();
      logger.info('API started', { port: this.port });
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
      await producer.close();
      await store.close();
      egressGuard.close();
      await auditStream?.stop();
      disconnectRedis(redis);
      await tracing.stop();
    },
  };
}
