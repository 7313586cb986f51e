import { createLogger, createMetrics, EnvError, logLevel, runApp } from '@bulkhead/runtime';
import { buildApp } from './app.ts';
import { readApiConfig } from './env.ts';

try {
  const config = readApiConfig(process.env);
  const logger = createLogger({ name: 'api', level: logLevel(config) });
  await runApp({ app: buildApp({ config, logger, metrics: createMetrics({ ofProcess: true }) }), logger });
} catch (error) {
  if (!(error instanceof EnvError)) throw error;
  console.error(error.message);
  process.exit(1);
}
