import {
  createLogger,
  createMetrics,
  EnvError,
  logLevel,
  runApp,
  startFreezeGuard,
  startTracing,
} from '@bulkhead/runtime';
import { buildApp } from './app.ts';
import { readWorkerConfig } from './env.ts';

try {
  const config = await readWorkerConfig(process.env);
  const logger = createLogger({ name: 'worker', level: logLevel(config) });
  const metrics = createMetrics({ ofProcess: true });
  const tracing = await startTracing({
    name: 'bulkhead-worker',
    endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    ratio: config.OTEL_TRACES_SAMPLER_ARG,
  });
  startFreezeGuard({ name: 'worker', exitAfterMs: config.BULKHEAD_FREEZE_EXIT_SECONDS * 1000 });
  await runApp({ app: buildApp({ config, logger, metrics, tracing }), logger });
} catch (error) {
  if (!(error instanceof EnvError)) throw error;
  console.error(error.message);
  process.exit(1);
}
