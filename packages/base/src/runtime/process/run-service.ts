import type { z } from 'zod';
import { EnvError } from '../env/parse-env.ts';
import { logLevel, type processEnvShape } from '../env/process-env.ts';
import { createLogger, type Logger } from '../logs/logger.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { startTracing } from '../telemetry/start-tracing.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { startFreezeGuard } from './freeze-guard.ts';
import { type App, runApp } from './shutdown.ts';

type ServiceConfig = Pick<
  z.output<z.ZodObject<typeof processEnvShape>>,
  'LOG_LEVEL' | 'DEBUG' | 'OTEL_EXPORTER_OTLP_ENDPOINT' | 'OTEL_TRACES_SAMPLER_ARG' | 'BULKHEAD_FREEZE_EXIT_SECONDS'
>;

/**
 * Runs a program until it is stopped, with logs, metrics, traces and the guard against a blocked event loop. A wrong
 * environment ends the process with one message that lists every fault.
 */
export async function runService<Config extends ServiceConfig>(options: {
  readonly name: 'api' | 'serve' | 'worker';
  readonly readConfig: (env: NodeJS.ProcessEnv) => Promise<Config>;
  readonly build: (parts: {
    readonly config: Config;
    readonly logger: Logger;
    readonly metrics: Metrics;
    readonly tracing: Tracing;
  }) => App;
}): Promise<void> {
  const { name, readConfig, build } = options;
  try {
    const config = await readConfig(process.env);
    const logger = createLogger({ name, level: logLevel(config) });
    const metrics = createMetrics({ ofProcess: true });
    const tracing = await startTracing({
      name: `bulkhead-${name}`,
      endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
      ratio: config.OTEL_TRACES_SAMPLER_ARG,
    });
    startFreezeGuard({ name, exitAfterMs: config.BULKHEAD_FREEZE_EXIT_SECONDS * 1000 });
    await runApp({ app: build({ config, logger, metrics, tracing }), logger });
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
