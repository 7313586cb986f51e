import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@bulkhead/runtime';
import { AppError } from '@bulkhead/runtime';
import type { Request, Response } from 'express';
import { toErrorAnswer } from '../errors/to-error-answer.ts';
import { callerOf } from '../middleware/caller-of.ts';
import type { EventStreamLimits } from './event-stream-limits.ts';
import { EventWriter, type StreamedEvent } from './event-writer.ts';

/** How things stand at a moment. */
export interface Look {
  readonly events: readonly StreamedEvent[];
  /** Nothing will change any more: the stream ends. */
  readonly isOver?: boolean;
}

interface StreamOptions {
  readonly request: Request;
  readonly response: Response;
  /** Reads the records anew, every time: they are the truth, whoever has changed them. */
  readonly read: () => Promise<Look>;
}

/**
 * Streams of server-sent events. Each looks at the records every second and sends what has changed. It ends with `end` when
 * everything has been said, with `problem` where a look fails, and without a word after five minutes or when the process
 * stops: a browser then connects by itself and is asked for its key or session again, so a stream outlives neither by more.
 */
export class EventStreams {
  readonly #limits: EventStreamLimits;
  readonly #logger: Logger;
  /** Those that are open, with the id of their key. */
  readonly #open = new Map<AbortController, string>();
  #isStopping = false;

  constructor({ limits, logger }: { readonly limits: EventStreamLimits; readonly logger: Logger }) {
    this.#limits = limits;
    this.#logger = logger;
  }

  /**
   * Resolves when the stream is over. What the first look throws is the caller's to answer: nothing was sent until then.
   * @throws AppError `too-many-requests`
   */
  async run({ request, response, read }: StreamOptions): Promise<void> {
    const controller = this.#enter(callerOf(response).apiKey.id);
    const leave = () => controller.abort();
    response.once('close', leave);
    // Gone while its key was looked at: that is not told again.
    if (response.destroyed) leave();
    const timer = setTimeout(leave, this.#limits.longestMs);
    try {
      const startedAt = performance.now();
      const first = await read();
      const tookMs = performance.now() - startedAt;
      const writer = new EventWriter(response);
      if (request.method !== 'HEAD')
        await this.#follow({ first, tookMs, read, response, writer, signal: controller.signal });
      response.end();
    } finally {
      clearTimeout(timer);
      response.off('close', leave);
      this.#open.delete(controller);
    }
  }

  /** Ends every stream, as soon as its look is over. */
  stop(): void {
    this.#isStopping = true;
    for (const controller of this.#open.keys()) controller.abort();
  }

  #enter(keyId: string): AbortController {
    const ofKey = [...this.#open.values()].filter((one) => one === keyId).length;
    if (ofKey >= this.#limits.perKey) throw tooManyStreams();
    const controller = new AbortController();
    this.#open.set(controller, keyId);
    if (this.#isStopping) controller.abort();
    return controller;
  }

  async #follow(options: {
    readonly first: Look;
    readonly tookMs: number;
    readonly read: () => Promise<Look>;
    readonly response: Response;
    readonly writer: EventWriter;
    readonly signal: AbortSignal;
  }): Promise<void> {
    const { first, read, response, writer, signal } = options;
    let { tookMs } = options;
    let look = first;
    try {
      for (;;) {
        for (const event of look.events) writer.send(event);
        if (look.isOver) return writer.send({ name: 'end', data: {} });
        await rest(this.#restMs(tookMs), signal);
        if (signal.aborted) return;
        look = { events: [] };
        // Whoever does not read is not written to; the server's idle timeout ends that.
        if (response.writableNeedDrain) continue;
        writer.beat(this.#limits.heartbeatMs);
        const startedAt = performance.now();
        look = await read();
        tookMs = performance.now() - startedAt;
        if (signal.aborted) return;
      }
    } catch (error) {
      const { status, code, view } = toErrorAnswer(error);
      if (status >= 500) this.#logger.error('event stream failed', { status, code, error });
      writer.send({ name: 'problem', data: { code: view.code, message: view.message } });
    }
  }

  #restMs(tookMs: number): number {
    const { everyMs, restPerLook, longestRestMs } = this.#limits;
    return Math.min(Math.max(everyMs, restPerLook * tookMs), longestRestMs);
  }
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  // Aborted, it is over sooner; whoever waits looks at the signal.
  return sleep(ms, undefined, { signal }).catch(() => undefined);
}

function tooManyStreams(): AppError {
  return new AppError({
    code: 'too-many-requests',
    message: 'Too many event streams are open with this key. Close some, or read the addresses that they tell of.',
    retry: { afterMs: 5000 },
  });
}
