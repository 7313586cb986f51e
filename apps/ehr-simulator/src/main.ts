import { createLogger, runApp } from '@bulkhead/base';
import { createEhrSimulator } from './app.ts';
import { optionsFromEnv } from './options/env.ts';

const logger = createLogger({ name: 'ehr-simulator' });
try {
  const simulator = createEhrSimulator(optionsFromEnv(process.env));
  await runApp({ app: simulator, logger });
  logger.info('simulated athenahealth is ready', { url: simulator.fhirEndpoint });
} catch (error) {
  // No server is running yet and a person at a terminal reads this, so the error is printed as text.
  process.stderr.write(`${error instanceof Error ? error.message : 'start failed'}\n`);
  process.exit(1);
}
