import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAuditStream } from '@bulkhead/access/audit';
import {
  type App,
  ByteBudget,
  collectGarbageAbove,
  createHealth,
  createMetrics,
  EventLoopMonitor,
  exposedConnections,
  type Logger,
  type Metrics,
  noTracing,
  RecurringErrorLog,
  redisHosts,
  startHealthServer,
  type Tracing,
  traceCommands,
  watchHealth,
} from '@bulkhead/base';
import { proxyOf } from '@bulkhead/base/egress';
import { followProviders } from '@bulkhead/connections';
import { createEhrClient } from '@bulkhead/ehr';
import { createProviderRegistry } from '@bulkhead/ehr/providers';
import { createExportContexts } from '@bulkhead/imports/export/steps';
import { ProcessReporter } from '@bulkhead/monitoring';
import { RateBudgetService } from '@bulkhead/monitoring/commands';
import { checkRedis, connectRedis, createConsumer, disconnectRedis, Producer } from '@bulkhead/queues';
import { isStoreUnavailable } from '@bulkhead/store';
import { BufferPool } from '@bulkhead/store/bson';
import { createStore, storeOptions } from '@bulkhead/system';
import { createWebhookSender } from '@bulkhead/webhooks/steps';
import manifest from '../package.json' with { type: 'json' };
import type { WorkerConfig } from './env.ts';
import { countRetained, countWrites } from './metrics/count-writes.ts';
import { logRequests } from './metrics/log-requests.ts';
import { observeEhr, watchBudgets } from './metrics/observe-ehr.ts';
import { observeJobs } from './metrics/observe-jobs.ts';
import { peopleTextOf } from './people-text.ts';
import { createSweepScheduler } from './sweep-scheduler.ts';
import { withFeatureWork, works } from './works.ts';

/** Of Bulkhead: a release sets it in every package. */
const { version } = manifest;

/** Connections to MongoDB: each running job uses at most two at a time (a batch in flight and a ledger read). */
const maxPoolSize = 40;

/** A write that has started ends within some seconds. If MongoDB is unavailable, the erasure waits too. */
const defaultErasureSettleMs = 30_000;

const megabyte = 1024 * 1024;
/**
 * The most that is downloaded again after an interruption. Smaller parts would only be more files, and each is read to its end to verify
 * it.
 */
const documentPartBytes = 4 * megabyte;

/**
 * One line of the largest size (`maxLineBytes`) at a time. With two, the peak would be above the memory limit of the container
 * (docker/kubernetes/base/worker/worker.yaml).
 */
const largeBytes = 15 * megabyte;
/** Half of that limit. Ordinary work needs less, so it is not interrupted by collections. */
const crowdedBytes = 256 * megabyte;

/** Builds a worker process from its configuration. This is the composition root. */
export function buildApp({
  config,
  logger,
  metrics = createMetrics(),
  tracing = noTracing,
  erasureSettleMs = defaultErasureSettleMs,
}: {
  readonly config: WorkerConfig;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  readonly tracing?: Tracing | undefined;
  /** How long an erasure waits for writes that had started. */
  readonly erasureSettleMs?: number;
}): App {
  const recurringErrors = new RecurringErrorLog(logger);
  const host = redisHosts(config.REDIS_URL);
  const onError = (error: Error) =>
    recurringErrors.warn('redis connection failed: check REDIS_URL, and that Redis runs at this host', { host, error });
  const registry = createProviderRegistry(config);
  const redis = connectRedis({ url: config.REDIS_URL, waiting: true, onError });
  const prefix = config.BULKHEAD_PREFIX;
  const auditStream = createAuditStream({ config, logger, metrics });
  const store = createStore({
    ...storeOptions(config),
    maxPoolSize,
    processKind: 'worker',
    onAuditEvent: auditStream?.send,
    onCommand: traceCommands(tracing),
    writeObserver: countWrites(metrics),
    writesRaw: config.WORKER_RAW_WRITES === 'on',
  });
  const producer = new Producer({ redis, prefix, onError, tracing });
  const proxy = proxyOf(config);
  const ehr = createEhrClient({
    proxy,
    registry,
    redis,
    prefix,
    tokenStore: store.accessTokens,
    signingKeys: store.signingKeys,
    observer: logRequests({ observer: observeEhr({ metrics, providers: registry.list() }), logger }),
    tracing,
  });
  watchBudgets({ metrics, ehr });
  const webhooks = createWebhookSender({ proxy, privateNetwork: config.WORKER_WEBHOOK_PRIVATE_NETWORK });
  const rateBudgets = new RateBudgetService({ connections: store.connections, registry, reader: { redis, prefix } });
  const deps = withFeatureWork({
    peopleTextOf,
    store,
    producer,
    ehr,
    webhooks,
    exportContexts: createExportContexts({ store }),
    buffers: new BufferPool(),
    largeBytes: new ByteBudget(largeBytes, () => collectGarbageAbove(crowdedBytes)),
    logger,
    sendAuditHead: auditStream?.sendHead,
    pollIntervalMs: config.WORKER_POLL_INTERVAL_MS,
    documents: {
      enabled: config.WORKER_DOCUMENTS === 'on',
      maxBytes: config.WORKER_DOCUMENT_MAX_MEGABYTES * megabyte,
      withMedia: config.WORKER_DOCUMENT_MEDIA === 'on',
      partBytes: documentPartBytes,
    },
    readBudgets: (connections) => rateBudgets.read(connections),
    probe: {
      storedTypes: (connectionId) => store.resources.listStoredTypes(connectionId),
      findPatients: (connectionId) => store.resources.findAnyIds({ connectionId, resourceType: 'Patient', limit: 2 }),
    },
    retentionDays: {
      'bulk-export': config.WORKER_RETAIN_EXPORT_DAYS,
      'sync-run': config.WORKER_RETAIN_SYNC_RUN_DAYS,
      'quarantined-line': config.WORKER_RETAIN_QUARANTINE_DAYS,
      'replayed-line': config.WORKER_RETAIN_REPLAYED_LINE_DAYS,
      document: config.WORKER_RETAIN_DOCUMENT_DAYS,
      'document-content': config.WORKER_RETAIN_DOCUMENT_DAYS,
      'document-upload': config.WORKER_RETAIN_DOCUMENT_DAYS,
      tombstone: config.WORKER_RETAIN_TOMBSTONE_DAYS,
      'webhook-delivery': config.WORKER_RETAIN_WEBHOOK_DELIVERY_DAYS,
    },
    onRetained: countRetained(metrics, Object.keys(store.retention)),
    erasureSettleMs,
    databaseNow: async () => (await store.server()).now,
    now: () => new Date(),
  });
  const queues = config.WORKER_QUEUES;
  const consumer = createConsumer({
    redis,
    prefix,
    queues,
    jobs: works,
    isOutage: isStoreUnavailable,
    deps,
    logger,
    lockMs: config.WORKER_LOCK_MS,
    onJobEnd: observeJobs(metrics),
    tracing,
  });
  const eventLoop = new EventLoopMonitor({ metrics, logger });
  const health = createHealth(
    { mongodb: store.ping, redis: () => producer.checkWritable(), jobs: () => consumer.checkProgress() },
    { instanceId: config.BULKHEAD_INSTANCE_ID, version, eventLoop },
  );
  watchHealth(metrics, health);
  const reporter = new ProcessReporter({
    kind: 'worker',
    store,
    metrics,
    health,
    facts: { version, queues: [...queues], callsPrivateNetwork: config.WORKER_WEBHOOK_PRIVATE_NETWORK },
  });
  const sweepScheduler = createSweepScheduler({ producer, logger, everyMs: config.WORKER_SWEEP_INTERVAL_MS });
  const providers = followProviders({ store, registry, logger });
  let healthServer: Server | undefined;

  return {
    get port() {
      return (healthServer?.address() as AddressInfo | null | undefined)?.port;
    },
    async start() {
      await store.connect();
      if (config.WORKER_RAW_WRITES === 'on' && !store.writesRaw())
        logger.warn('the MongoDB driver cannot send bytes, so writes take more CPU time');
      for (const reason of exposedConnections(config)) logger.warn('connection is exposed', { reason });
      for (const reason of await checkRedis(redis)) logger.warn('redis is not safe for queues', { reason });
      // A process that cannot have its port ends here: without a job, and without a record that would look like a crash.
      if (config.WORKER_HEALTH_PORT !== undefined) {
        const { WORKER_HEALTH_PORT: port, WORKER_HEALTH_HOST: host, METRICS_TOKEN: metricsToken } = config;
        healthServer = await startHealthServer({ health, metrics, metricsToken, port, host });
      }
      await providers.start();
      await sweepScheduler.start();
      consumer.start();
      await reporter.start();
      logger.info('worker started', { queues, writesRaw: store.writesRaw() });
    },
    async stop() {
      health.stop();
      eventLoop.stop();
      sweepScheduler.stop();
      providers.stop();
      await consumer.stop();
      await reporter.stop();
      await producer.close();
      ehr.close();
      webhooks.close();
      await store.close();
      await auditStream?.stop();
      disconnectRedis(redis);
      healthServer?.close();
      await tracing.stop();
    },
  };
}
