export { ByteBudget, type ByteReservation } from './byte-budget.ts';
export { collectGarbageAbove } from './collect-garbage.ts';

export { exposedConnections } from './env/exposed-connections.ts';
export { EnvError, parseEnv } from './env/parse-env.ts';
export { logLevel, processEnvShape } from './env/process-env.ts';
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
export { type Fault, invalidRequest, runtimeError, sentence, unavailable } from './errors/errors.ts';
export { type ExportError, toExportError, toKnownError } from './errors/export-error.ts';
export { errorCode, shownUrl, toEhrText, withoutSecrets } from './errors/shown-text.ts';
export { parseRequest, validate, youSent } from './errors/validate.ts';
export { EventLoopMonitor } from './health/event-loop-monitor.ts';
export { hasToken, startHealthServer } from './health/health.server.ts';
export { createHealth, watchHealth } from './health/health.ts';
export { hashOf, newId, newSecret } from './ids-and-secrets.ts';
export type { Immutable } from './immutable.ts';
export { inBatches } from './in-batches.ts';
export { listen } from './listen.ts';

export { createLogger, type LogFields, type Logger, withLogContext } from './logs/logger.ts';
export { RecurringErrorLog } from './logs/recurring-error-log.ts';
export { median } from './median.ts';
export { createMetrics, type DescribedMetric, type Metrics } from './metrics.ts';

export { mayNamePatient, patientMarkOf, quotesEhr } from './patient-texts.ts';
export { present } from './present.ts';
export { createSharedWait, keepFor, keepForKey, readWithin, waitUntil } from './repeated-reads.ts';
export { runService } from './run-service.ts';
export { runWithPauses } from './run-with-pauses.ts';
export { type App, runApp } from './shutdown.ts';
export { startTracing } from './tracing/start-tracing.ts';
export { noTracing, type Tracing, traceCommands } from './tracing/tracing.ts';
export { observeWaits, type WaitObserver, whileWaiting } from './waits.ts';
