export { carriesToken } from './bearer-token.ts';
export { awsKmsWrapper, wrapperOf } from './encryption-key/choose-wrapper.ts';
export { KeyWrapperError } from './encryption-key/key-wrapper.ts';
export { type Unwrapped, unwrapKeys } from './encryption-key/unwrap-keys.ts';
export { EventLoopMonitor } from './event-loop-monitor.ts';
export { exposedConnections } from './exposed-connections.ts';
export { startFreezeGuard } from './freeze-guard.ts';
export { startHealthServer } from './health.server.ts';
export { createHealth, type HealthChecks, type Readiness } from './health.ts';
export { keepFor } from './keep-for.ts';
export { createLineSink, type LineSink } from './lines/create-line-sink.ts';
export { type LogContext, withLogContext } from './log-context.ts';
export { createLogger, type LogFields, type Logger, type LoggerOptions } from './logger.ts';
export {
  type Count,
  createMetrics,
  type DescribedMetric,
  type Metrics,
  type Observe,
  type Sample,
} from './metrics.ts';
export { EnvError, parseEnv } from './parse-env.ts';
export { logLevel, processEnvShape } from './process-env.ts';
export { type App, type RunAppOptions, runApp, type StartedMessage } from './shutdown.ts';
export { startTracing } from './start-tracing.ts';
export { traceCommands } from './trace-commands.ts';
export { noTracing, type Tracing } from './tracing.ts';
export { watchHealth } from './watch-health.ts';
