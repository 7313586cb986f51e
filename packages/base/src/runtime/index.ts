export { exposedConnections } from './env/exposed-connections.ts';
export { EnvError, parseEnv } from './env/parse-env.ts';
export { logLevel, processEnvShape } from './env/process-env.ts';
export { readRedisUrl, redisHosts } from './env/redis-url.ts';
export {
  AppError,
  briefAttempts,
  type ErrorCode,
  type ErrorCodes,
  type RetryAdvice,
  type WarningCode,
  type WarningCodes,
} from './errors/app-error.ts';
export {
  defineErrors,
  type ErrorExample,
  type ErrorFacts,
  type ErrorTable,
  errorCodeSchema,
  type PeopleText,
  type WarningTable,
  warningCodeSchema,
} from './errors/error-table.ts';
export {
  type Fault,
  faultsOf,
  invalidRequest,
  runtimeError,
  sentence,
  throwUnavailable,
  unavailable,
} from './errors/errors.ts';
export { type ExportError, toExportError, toKnownError } from './errors/export-error.ts';
export { errorCode, shownUrl, toEhrText, withoutSecrets } from './errors/shown-text.ts';
export { parseRequest, validate, youSent } from './errors/validate.ts';
export { EventLoopMonitor } from './health/event-loop-monitor.ts';
export { hasToken, startHealthServer } from './health/health.server.ts';
export { createHealth, watchHealth } from './health/health.ts';
export { createLogger, type LogFields, type Logger, withLogContext } from './logs/logger.ts';
export { RecurringErrorLog } from './logs/recurring-error-log.ts';
export { ByteBudget, type ByteReservation } from './memory/byte-budget.ts';
export { collectGarbageAbove } from './memory/collect-garbage.ts';
export { listen } from './process/listen.ts';
export { runService } from './process/run-service.ts';
export { type App, runApp } from './process/shutdown.ts';
export { createMetrics, type DescribedMetric, type Metrics } from './telemetry/metrics.ts';
export { startTracing } from './telemetry/start-tracing.ts';
export { noTracing, type Tracing, traceCommands } from './telemetry/tracing.ts';
export { addCounts } from './values/counts.ts';
export { hashOf, newId, newSecret } from './values/ids-and-secrets.ts';
export type { Immutable } from './values/immutable.ts';
export { median } from './values/median.ts';
export { present } from './values/present.ts';
export { createSharedWait, keepFor, keepForKey, readWithin, waitUntil } from './waits/repeated-reads.ts';
export { observeWaits, runWithPauses, type WaitObserver, whileWaiting } from './waits/waits.ts';
