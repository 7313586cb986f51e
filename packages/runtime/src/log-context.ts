import { AsyncLocalStorage } from 'node:async_hooks';

/** Fields added to every log line written inside a request or a job. Ids only. */
export type LogContext = Readonly<Record<string, string | number | undefined>>;

/** Gets a line that was logged inside, from `info` on: its message and its own allowed fields, in one text. */
export type LineListener = (line: string) => void;

interface Stored {
  readonly context: LogContext;
  readonly onLine?: LineListener | undefined;
}

const storage = new AsyncLocalStorage<Stored>();

/** Runs `work` with `context` added to what is already there; `onLine` is told what is logged meanwhile. */
export function withLogContext<Result>(context: LogContext, work: () => Result, onLine?: LineListener): Result {
  const outer = storage.getStore();
  return storage.run({ context: { ...outer?.context, ...context }, onLine: onLine ?? outer?.onLine }, work);
}

export function currentLogContext(): LogContext {
  return storage.getStore()?.context ?? {};
}

export function currentLineListener(): LineListener | undefined {
  return storage.getStore()?.onLine;
}
