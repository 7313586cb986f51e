import { randomBytes } from 'node:crypto';
import { buildApp as buildApi, readApiConfig } from '@bulkhead/api';
import { createLogger, createMetrics, type DescribedMetric } from '@bulkhead/runtime';
import { testServices } from '@bulkhead/testing';
import { buildApp as buildWorker } from '../../src/app.ts';
import { readWorkerConfig } from '../../src/env.ts';

export interface ProcessMetrics {
  readonly described: readonly DescribedMetric[];
  /** The page for Prometheus of a process that has just started. */
  readonly page: string;
}

/** Starts an API and a worker and reads their metrics. */
export async function describedMetrics(): Promise<{ readonly api: ProcessMetrics; readonly worker: ProcessMetrics }> {
  const { redisUrl, mongodbUri, prefix } = testServices();
  const env = {
    REDIS_URL: redisUrl,
    MONGODB_URI: mongodbUri,
    BULKHEAD_PREFIX: prefix,
    BULKHEAD_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    PORT: '0',
    HOST: '127.0.0.1',
  };
  const logger = createLogger({ name: 'test', level: 'silent' });
  const [api, worker] = [createMetrics({ ofProcess: true }), createMetrics({ ofProcess: true })];
  const apps = [
    buildApi({ config: await readApiConfig(env), logger, metrics: api }),
    buildWorker({ config: await readWorkerConfig(env), logger, metrics: worker }),
  ];
  const read = async (metrics: typeof api) => ({ described: metrics.described(), page: await metrics.page() });
  for (const app of apps) await app.start();
  const metrics = { api: await read(api), worker: await read(worker) };
  for (const app of apps) await app.stop();
  return metrics;
}
