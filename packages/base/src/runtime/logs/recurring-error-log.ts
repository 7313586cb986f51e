import { errorCode } from '../errors/shown-text.ts';
import type { LogFields, Logger } from './logger.ts';

/** Often enough for an operator who reads the log, and some thousand lines in a night. */
const defaultIntervalMs = 30_000;

/**
 * Logs errors that recur until a server is repaired: the first one of each kind at once, and then one line per interval with the number of
 * errors since the line before. Clients of Redis report many errors a second, so an outage of a night would fill the disk of the logs.
 */
export class RecurringErrorLog {
  readonly #logger: Logger;
  readonly #intervalMs: number;
  readonly #kinds = new Map<string, { readonly loggedAt: number; unlogged: number }>();

  constructor(logger: Logger, intervalMs: number = defaultIntervalMs) {
    this.#logger = logger;
    this.#intervalMs = intervalMs;
  }

  warn(message: string, fields: LogFields & { readonly error: Error }): void {
    const { error, queue } = fields;
    const kind = JSON.stringify([message, queue, error.name, errorCode(error)]);
    const last = this.#kinds.get(kind);
    const now = performance.now();
    if (last && now - last.loggedAt < this.#intervalMs) {
      last.unlogged++;
      return;
    }
    this.#kinds.set(kind, { loggedAt: now, unlogged: 0 });
    this.#logger.warn(message, { ...fields, count: (last?.unlogged ?? 0) + 1 });
  }
}
