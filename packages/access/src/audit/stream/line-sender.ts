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

/** About ten thousand lines, which is a few minutes of a busy system. */
const defaultBufferedBytes = 16 * 1024 * 1024;
const defaultBackoffMs = { first: 500, longest: 30_000 };
/** How long a stop waits for the remaining lines. */
const lastChanceMs = 2000;

/**
 * Sends lines in order and in the background, so callers never wait. Lines are kept up to a limit while the receiver is
 * unavailable. Beyond the limit, the newest lines are dropped and counted.
 */
export class LineSender {
  readonly #transport: LineTransport;
  readonly #logger: Logger;
  readonly #count: NonNullable<LineSenderOptions['count']>;
  readonly #maxBufferedBytes: number;
  readonly #backoffMs: { readonly first: number; readonly longest: number };
  readonly #stopping = new AbortController();
  readonly #queue: Buffer[] = [];
  #bufferedBytes = 0;
  #dropped = 0;
  #isLost = false;
  #sending: Promise<void> | undefined;

  constructor(options: LineSenderOptions) {
    const { count = () => undefined, maxBufferedBytes = defaultBufferedBytes, backoffMs = defaultBackoffMs } = options;
    this.#transport = options.transport;
    this.#logger = options.logger;
    this.#count = count;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#backoffMs = backoffMs;
  }

  send(frame: Buffer): void {
    if (this.#bufferedBytes + frame.length > this.#maxBufferedBytes) {
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
      this.#count('dropped', remaining);
      this.#logger.warn('audit lines dropped', { count: remaining, reason: 'stopped' });
    }
    this.#transport.close();
  }

  async #sendAll(): Promise<void> {
    for (let waitMs = this.#backoffMs.first; this.#queue.length > 0 && !this.#stopping.signal.aborted; ) {
      try {
        await this.#transport.write(this.#queue[0] as Buffer);
        this.#shift();
        this.#count('sent', 1);
        this.#noteRestored();
        waitMs = this.#backoffMs.first;
      } catch (error) {
        if (error instanceof LineRefused) {
          this.#shift();
          this.#drop('refused');
          continue;
        }
        this.#noteLost(error);
        await delay(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
        waitMs = Math.min(waitMs * 2, this.#backoffMs.longest);
      }
    }
  }

  #shift(): void {
    this.#bufferedBytes -= this.#queue.shift()?.length ?? 0;
  }

  /** Logs only the first dropped line. Their number is logged when the receiver is back. */
  #drop(reason: string): void {
    this.#count('dropped', 1);
    if (this.#dropped === 0) this.#logger.warn('audit lines are being dropped', { reason });
    this.#dropped += 1;
  }

  #noteLost(error: unknown): void {
    if (!this.#isLost) this.#logger.warn('audit stream lost', { error });
    this.#isLost = true;
  }

  #noteRestored(): void {
    if (this.#isLost) this.#logger.info('audit stream restored');
    this.#isLost = false;
    if (this.#dropped > 0) this.#logger.warn('audit lines dropped', { count: this.#dropped });
    this.#dropped = 0;
  }
}
