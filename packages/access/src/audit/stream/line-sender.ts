import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@bulkhead/base';
import { LineRefused, type LineTransport } from './line-transport.ts';

export interface LineSenderOptions {
  readonly transport: LineTransport;
  readonly logger: Logger;
  /** Counts lines. */
  readonly count?: (result: 'sent' | 'dropped', lines: number) => void;
  /** How much is kept while nothing can be sent. */
  readonly maxBufferedBytes?: number;
  readonly backoffMs?: { readonly first: number; readonly longest: number };
}

const defaults = {
  count: () => undefined,
  /** About ten thousand lines, which is a few minutes of a busy system. */
  maxBufferedBytes: 16 * 1024 * 1024,
  backoffMs: { first: 500, longest: 30_000 },
};
/** How long a stop waits for the remaining lines. */
const lastChanceMs = 2000;

/**
 * Sends lines in order and in the background, so callers never wait. Lines are kept up to a limit while the receiver is
 * unavailable. Beyond the limit, the newest lines are dropped and counted.
 */
export class LineSender {
  readonly #options: Required<LineSenderOptions>;
  readonly #stopping = new AbortController();
  readonly #queue: Buffer[] = [];
  #bufferedBytes = 0;
  #dropped = 0;
  #isLost = false;
  #sending: Promise<void> | undefined;

  constructor(options: LineSenderOptions) {
    this.#options = { ...defaults, ...options };
  }

  send(frame: Buffer): void {
    if (this.#bufferedBytes + frame.length > this.#options.maxBufferedBytes) {
      this.#drop('buffer-full');
      return;
    }
    this.#queue.push(frame);
    this.#bufferedBytes += frame.length;
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  /** Sends the remaining lines if that takes at most two seconds. */
  async stop(): Promise<void> {
    const giveUp = new AbortController();
    const { signal } = giveUp;
    await Promise.race([this.#sending, delay(lastChanceMs, undefined, { signal }).catch(() => undefined)]);
    giveUp.abort();
    this.#stopping.abort();
    const remaining = this.#queue.length;
    if (remaining > 0) {
      this.#options.count('dropped', remaining);
      this.#options.logger.warn('audit lines dropped', { count: remaining, reason: 'stopped' });
    }
    this.#options.transport.close();
  }

  async #sendAll(): Promise<void> {
    for (let waitMs = this.#options.backoffMs.first; this.#queue.length > 0 && !this.#stopping.signal.aborted; ) {
      try {
        await this.#options.transport.write(this.#queue[0] as Buffer);
        this.#shift();
        this.#options.count('sent', 1);
        this.#noteRestored();
        waitMs = this.#options.backoffMs.first;
      } catch (error) {
        if (error instanceof LineRefused) {
          this.#shift();
          this.#drop('refused');
          continue;
        }
        this.#noteLost(error);
        await delay(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
        waitMs = Math.min(waitMs * 2, this.#options.backoffMs.longest);
      }
    }
  }

  #shift(): void {
    this.#bufferedBytes -= this.#queue.shift()?.length ?? 0;
  }

  /** Logs only the first dropped line. Their number is logged when the receiver is back. */
  #drop(reason: string): void {
    this.#options.count('dropped', 1);
    if (this.#dropped === 0) this.#options.logger.warn('audit lines are being dropped', { reason });
    this.#dropped += 1;
  }

  #noteLost(error: unknown): void {
    if (!this.#isLost) this.#options.logger.warn('audit stream lost', { error });
    this.#isLost = true;
  }

  #noteRestored(): void {
    if (this.#isLost) this.#options.logger.info('audit stream restored');
    this.#isLost = false;
    if (this.#dropped > 0) this.#options.logger.warn('audit lines dropped', { count: this.#dropped });
    this.#dropped = 0;
  }
}
