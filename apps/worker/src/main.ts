import { createLogger, createMetrics, EnvError, logLevel, runApp } from '@bulkhead/runtime';
import { buildApp } from './app.ts';
import { readWorkerConfig } from './env.ts';

try {
  const config = readWorkerConfig(process.env);
  const logger = createLogger({ name: 'worker', level: logLevel(config) });
  await runApp({ app: buildApp({ config, logger, metrics: createMetrics({ ofProcess: true }) }), logger });
} catch (error) {
  if (!(error instanceof EnvError)) throw error;
  console.error(error.message);
  process.exit(1);
}
