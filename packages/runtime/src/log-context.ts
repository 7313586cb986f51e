import { AsyncLocalStorage } from 'node:async_hooks';

/** Fields added to every log line written inside a request or a job. Ids only. */
export type LogContext = Readonly<Record<string, string | number | undefined>>;

const storage = new AsyncLocalStorage<LogContext>();

/** Runs `work` with `context` added to what is already there. */
export function withLogContext<Result>(context: LogContext, work: () => Result): Result {
  return storage.run({ ...storage.getStore(), ...context }, work);
}

export function currentLogContext(): LogContext {
  return storage.getStore() ?? {};
}
