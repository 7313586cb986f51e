import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createAuditStream } from '@bulkhead/access/audit';
import {
  type App,
  createHealth,
  createMetrics,
  EventLoopMonitor,
  exposedConnections,
  type Logger,
  listen,
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
import { ProcessReporter } from '@bulkhead/monitoring';
import { checkRedis, connectRedis, disconnectRedis, Producer } from '@bulkhead/queues';
import { createServices, createStore } from '@bulkhead/system';
import manifest from '../package.json' with { type: 'json' };
import { auditActions } from './endpoints/endpoints.ts';
import { type ApiConfig, identityProviderOf, storeOptions } from './env.ts';
import { createHttpApp } from './http/create-http-app.ts';
import { answerUnreadable } from './http/errors/answer-error.ts';
import { type EventStreamLimits, EventStreams, eventStreamLimits } from './http/events/event-streams.ts';
import { DownloadSlots } from './http/limits/download-slots.ts';
import { RequestLimits } from './http/limits/request-limits.ts';
import { RefusedAttempts } from './http/refused-attempts.ts';
import { watchSystem } from './watch-system.ts';

/** Of Bulkhead: a release sets it in every package. */
const { version } = manifest;

/** How often idle connections are closed while the process stops. It is short compared with the seconds that stopping may take. */
const idleCheckMs = 50;
/**
 * How long a process that stops still answers. A proxy or client may have sent a request on a kept connection that it does not know to be
 * closed. Longer than a request is on its way.
 */
const defaultDrainMs = 500;

/** Builds an API process from its configuration. All parts of the process are created here. */
export function buildApp({
  config,
  logger,
  metrics = createMetrics(),
  tracing = noTracing,
  kickOffWaitMs,
  serverLimits = httpLimits,
  drainMs = defaultDrainMs,
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
  readonly drainMs?: number;
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
  const http = createHttpApp({
    services,
    producer,
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
    consoleDir: config.CONSOLE_DIR ?? join(import.meta.dirname, '../../console/dist'),
    metricsToken: config.METRICS_TOKEN,
    identityProvider: identityProviderOf(config),
    hasKeyLogin: config.API_KEY_LOGIN === 'on',
    hasDocs: config.API_DOCS === 'on',
  });
  const { idleTimeout, ...serverOptions } = serverLimits;
  const server = createServer(serverOptions, http).setTimeout(idleTimeout);
  answerUnreadable(server);

  return {
    get port() {
      return (server.address() as AddressInfo).port;
    },
    async start() {
      await store.connect();
      for (const reason of exposed) logger.warn('connection is exposed', { reason });
      for (const reason of await checkRedis(redis)) logger.warn('redis is not safe for queues', { reason });
      await listen(server, { port: config.PORT, host: config.HOST, variable: 'PORT' });
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
      if (server.listening) await drain(server, drainMs);
      const closed = server.listening ? once(server, 'close') : undefined;
      server.close();
      // A connection whose request is still being answered becomes idle later, and would be kept open for a next request.
      const closing = setInterval(() => server.closeIdleConnections(), idleCheckMs);
      await closed;
      clearInterval(closing);
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

/** Ends each connection with its next answer, and waits for requests that are on their way. */
async function drain(server: Server, drainMs: number): Promise<void> {
  server.prependListener('request', (_request, response: ServerResponse) => {
    response.shouldKeepAlive = false;
  });
  await delay(drainMs);
}

/** Limits against slow clients, silent clients, and clients that send too much, as options of `http.createServer`. */
export const httpLimits = {
  /** Cookies, tokens and a long search need at most half of this. */
  maxHeaderSize: 16 * 1024,
  /** Headers fit into one or two packets. */
  headersTimeout: 15_000,
  /** Enough for the largest body, a corrected line of 10 MB, over a connection of 1 Mbit/s. */
  requestTimeout: 120_000,
  /** How often the two timeouts are checked. */
  connectionsCheckingInterval: 5000,
  /** Longer than load balancers keep idle connections (60 s), so that the server never closes one while a request is being sent. */
  keepAliveTimeout: 65_000,
  /** The limit for a socket without reads and writes. A client that does not read its stream keeps a database cursor open. */
  idleTimeout: 120_000,
};

export type HttpLimits = typeof httpLimits;
