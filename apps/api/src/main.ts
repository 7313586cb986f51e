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
import { readApiConfig } from './env.ts';

try {
  const config = await readApiConfig(process.env);
  const logger = createLogger({ name: 'api', level: logLevel(config) });
  const metrics = createMetrics({ ofProcess: true });
  const tracing = await startTracing({
    name: 'bulkhead-api',
    endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    ratio: config.OTEL_TRACES_SAMPLER_ARG,
  });
  startFreezeGuard({ name: 'api', exitAfterMs: config.BULKHEAD_FREEZE_EXIT_SECONDS * 1000 });
  await runApp({ app: buildApp({ config, logger, metrics, tracing }), logger });
} catch (error) {
  if (!(error instanceof EnvError)) throw error;
  console.error(error.message);
  process.exit(1);
}
