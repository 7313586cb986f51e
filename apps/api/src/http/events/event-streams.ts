import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, type Logger } from '@bulkhead/runtime';
import type { Request, Response } from 'express';
import { toErrorAnswer } from '../errors/to-error-answer.ts';
import { callerOf } from '../middleware/caller-of.ts';

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

interface StreamedEvent {
  readonly name: string;
  readonly data: unknown;
}

/** How long a browser waits before it connects anew, unless it was told `end`. */
const retryMs = 2000;

/** Writes server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
class EventWriter {
  readonly #response: Response;
  /** By name: what was sent last. */
  readonly #sent = new Map<string, string>();
  #wroteAt = 0;

  constructor(response: Response) {
    this.#response = response;
    response.status(200).set({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      // The connection has served its time with the stream; a process that stops need not wait for it.
      connection: 'close',
      // Else nginx keeps what comes in small pieces until there is more of it.
      'x-accel-buffering': 'no',
    });
    this.#write(`retry: ${retryMs}\n\n`);
  }

  /** Sends what differs from the last event of its name. */
  send({ name, data }: StreamedEvent): void {
    const text = JSON.stringify(data);
    if (this.#sent.get(name) === text) return;
    this.#sent.set(name, text);
    this.#write(`event: ${name}\ndata: ${text}\n\n`);
  }

  /** A comment, where nothing was sent for so long. */
  beat(afterMs: number): void {
    if (performance.now() - this.#wroteAt >= afterMs) this.#write(':\n\n');
  }

  #write(text: string): void {
    if (this.#response.destroyed) return;
    this.#wroteAt = performance.now();
    this.#response.write(text);
  }
}

/** What streams of events cost and take, in one process. */
export const eventStreamLimits = {
  /** How often the records are looked at: what a person sees move, moves by the second. */
  everyMs: 1000,
  /** A look that takes long is made less often, so that a stream keeps the database busy for a fifth of the time. */
  restPerLook: 4,
  /** However long a look takes. Below `heartbeatMs`. */
  longestRestMs: 10_000,
  /** Proxies close what is silent for a minute (nginx, AWS), the server itself after two. */
  heartbeatMs: 15_000,
  /** Then the browser connects anew and shows its key or its session again: one that is revoked or over loses its streams. */
  longestMs: 5 * 60_000,
  /** A page has one or two, a browser holds six to a server over HTTP/1.1; and each costs a look a second. */
  perKey: 20,
};

export type EventStreamLimits = typeof eventStreamLimits;
