import { AsyncLocalStorage } from 'node:async_hooks';
import { type DestinationStream, pino } from 'pino';
import { errorCode } from '../errors/shown-text.ts';

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/**
 * The only fields that reach a log line. Everything else is dropped, so that a payload, a token, a resource or a URL with its query
 * is never logged by accident. Add a field here only if its values are safe to log.
 */
const allowedFields = [
  'auditHead',
  'attempt',
  'attempts',
  'bytes',
  'code',
  'connectionId',
  'count',
  'counts',
  'delayMs',
  'documentId',
  'droppedParameters',
  'durationMs',
  'environment',
  'erasureId',
  'exportId',
  'fileId',
  'host',
  'job',
  'jobId',
  'keyIds',
  'kind',
  'lines',
  'method',
  'outcome',
  'phase',
  'pid',
  'port',
  'priority',
  'provider',
  'quarantined',
  'queue',
  'queues',
  'rateLimitLimit',
  'rateLimitRemaining',
  'rateLimitReset',
  'reason',
  'requestId',
  'resourceType',
  'retry',
  'retryAfterSeconds',
  'route',
  'scheduleId',
  'signal',
  'stale',
  'status',
  'stepId',
  'stored',
  'syncRunId',
  'traceId',
  'url',
  'waitMs',
  'writesRaw',
] as const;

export type LogFields = Readonly<Partial<Record<(typeof allowedFields)[number], unknown>> & { error?: unknown }>;

export interface LoggerOptions {
  /** The process: `api`, `worker`, `ehr-simulator`. */
  readonly name: string;
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly destination?: DestinationStream;
}

/** Writes one JSON line per event: a fixed message, allowed fields, and the context of the request or job. */
export function createLogger({ name, level = 'info', destination }: LoggerOptions): Logger {
  const options = { name, level, base: { name, pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime };
  const sink = destination ? pino(options, destination) : pino(options);
  const write =
    (method: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}) => {
      const lineFields = { ...pick(fields), ...describeError(fields.error) };
      sink[method]({ ...pick(currentLogContext()), ...lineFields }, message);
      if (method !== 'debug') currentLineListener()?.(toText({ method, message, own: lineFields }));
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

function toText(line: { readonly method: string; readonly message: string; readonly own: object }): string {
  const { method, message, own } = line;
  return `${new Date().toISOString()} ${method} ${message} ${JSON.stringify(own)}`;
}

function pick(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of allowedFields) {
    if (fields[name] !== undefined) picked[name] = name === 'url' ? withoutQuery(String(fields[name])) : fields[name];
  }
  return picked;
}

/** Query strings contain patient ids and signatures, and a URL can contain a user name and a password. */
function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/^([a-z+]+:\/\/)[^/]*@/i, '$1');
}

/** A chain of causes is short. The limit is for one that leads back to itself. */
const maxCauses = 5;

/**
 * The name, code and stack frames of an error. Messages of AppErrors are fixed texts and are logged. A foreign message may quote
 * its input (a response body, a URL), so it is left out, also from the first line of the stack.
 */
function describeError(error: unknown, depth = 0): Record<string, unknown> {
  if (error === undefined) return {};
  if (!(error instanceof Error)) return { error: { name: typeof error } };
  const { name, message, stack, cause } = error;
  const code = errorCode(error);
  const { context } = error as { context?: Record<string, unknown> };
  return {
    error: {
      name,
      ...(code === undefined ? {} : { code }),
      ...(name === 'AppError' ? { message, context: pick(context ?? {}) } : {}),
      // A multi-line message may contain lines that look like frames.
      frames: stack
        ?.replace(message, '')
        .match(/^[ \t]+at .*$/gm)
        ?.slice(0, 12),
      ...(cause instanceof Error && depth < maxCauses ? { cause: describeError(cause, depth + 1).error } : {}),
    },
  };
}

/** Fields added to every log line written inside a request or a job. Ids only. */
export type LogContext = Readonly<Record<string, string | number | undefined>>;

/** Receives a line that was logged inside, from level `info` on: its message and its own allowed fields as one text. */
export type LineListener = (line: string) => void;

interface Stored {
  readonly context: LogContext;
  readonly onLine?: LineListener | undefined;
}

const storage = new AsyncLocalStorage<Stored>();

/** Runs `work` with `context` added to the current context. `onLine` receives the lines that are logged meanwhile. */
export function withLogContext<Result>(context: LogContext, work: () => Result, onLine?: LineListener): Result {
  const outer = storage.getStore();
  return storage.run({ context: { ...outer?.context, ...context }, onLine: onLine ?? outer?.onLine }, work);
}

export function currentLogContext(): LogContext {
  return storage.getStore()?.context ?? {};
}

function currentLineListener(): LineListener | undefined {
  return storage.getStore()?.onLine;
}
