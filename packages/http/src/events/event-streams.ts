import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@bulkhead/base';
import type { Request, Response } from 'express';
import { apiError } from '../errors/errors.ts';
import { toErrorAnswer } from '../errors/to-error-answer.ts';
import { callerOf } from '../middleware/caller-of.ts';

/** The current state, as events. */
export interface Snapshot {
  readonly events: readonly StreamedEvent[];
  /** True if nothing will change again. The stream then ends. */
  readonly isOver?: boolean;
}

interface StreamOptions {
  readonly request: Request;
  readonly response: Response;
  /** Reads the current records from the database. */
  readonly read: () => Promise<Snapshot>;
}

/**
 * Streams of server-sent events. Each stream reads the records every second and sends the events that have changed. Any process can
 * have changed the records, because only the database is read.
 *
 *     open --(a snapshot is over)--> sends `end`
 *     open --(a read fails)--------> sends `problem`
 *     open --(after five minutes, the process stops, or the client leaves)--> ends without an event
 *
 * After five minutes a browser reconnects.
 */
export class EventStreams {
  readonly #limits: EventStreamLimits;
  readonly #logger: Logger;
  /** The open streams, with the id of their key. */
  readonly #open = new Map<AbortController, string>();
  #isStopping = false;

  constructor({ limits, logger }: { readonly limits: EventStreamLimits; readonly logger: Logger }) {
    this.#limits = limits;
    this.#logger = logger;
  }

  /**
   * Resolves when the stream has ended. If the first read fails, this throws and nothing was sent, so the caller can still respond.
   * @throws AppError `too-many-requests`
   */
  async run({ request, response, read }: StreamOptions): Promise<void> {
    const controller = this.#enter(callerOf(response).apiKey.id);
    const leave = () => controller.abort();
    response.once('close', leave);
    // The client left while its key was checked. `close` is not emitted again.
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

  /** Ends every stream as soon as its current read is done. */
  stop(): void {
    this.#isStopping = true;
    for (const controller of this.#open.keys()) controller.abort();
  }

  #enter(keyId: string): AbortController {
    const ofKey = [...this.#open.values()].filter((owner) => owner === keyId).length;
    if (ofKey >= this.#limits.perKey) throw apiError('too-many-requests');
    const controller = new AbortController();
    this.#open.set(controller, keyId);
    if (this.#isStopping) controller.abort();
    return controller;
  }

  async #follow(options: {
    readonly first: Snapshot;
    readonly tookMs: number;
    readonly read: () => Promise<Snapshot>;
    readonly response: Response;
    readonly writer: EventWriter;
    readonly signal: AbortSignal;
  }): Promise<void> {
    const { first, read, response, writer, signal } = options;
    let { tookMs } = options;
    let snapshot = first;
    try {
      for (;;) {
        for (const event of snapshot.events) writer.send(event);
        if (snapshot.isOver) return writer.send({ name: 'end', data: {} });
        await pause(this.#restMs(tookMs), signal);
        if (signal.aborted) return;
        snapshot = { events: [] };
        // Nothing is written while the client does not read. The idle timeout of the server ends such a stream.
        if (response.writableNeedDrain) continue;
        writer.writeHeartbeat(this.#limits.heartbeatMs);
        const startedAt = performance.now();
        snapshot = await read();
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
    const { everyMs, restPerRead, longestRestMs } = this.#limits;
    return Math.min(Math.max(everyMs, restPerRead * tookMs), longestRestMs);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  // An abort ends the wait early. The caller checks the signal.
  return sleep(ms, undefined, { signal }).catch(() => undefined);
}

interface StreamedEvent {
  readonly name: string;
  readonly data: unknown;
}

/** How long a browser waits before it reconnects, unless it received `end`. */
const retryMs = 2000;

/** Writes server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
class EventWriter {
  readonly #response: Response;
  /** The last text that was sent, by the name of the event. */
  readonly #sentTexts = new Map<string, string>();
  #wroteAt = 0;

  constructor(response: Response) {
    this.#response = response;
    response.status(200).set({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      // The connection is not reused after the stream, so a process that stops need not wait for it.
      connection: 'close',
      // Without this header nginx buffers small pieces.
      'x-accel-buffering': 'no',
    });
    this.#write(`retry: ${retryMs}\n\n`);
  }

  /** Sends the event unless it is the same as the last event of this name. */
  send({ name, data }: StreamedEvent): void {
    const text = JSON.stringify(data);
    if (this.#sentTexts.get(name) === text) return;
    this.#sentTexts.set(name, text);
    this.#write(`event: ${name}\ndata: ${text}\n\n`);
  }

  /** Sends a comment if nothing was sent for this long. */
  writeHeartbeat(afterMs: number): void {
    if (performance.now() - this.#wroteAt >= afterMs) this.#write(':\n\n');
  }

  #write(text: string): void {
    if (this.#response.destroyed) return;
    this.#wroteAt = performance.now();
    this.#response.write(text);
  }
}

/** Limits of event streams, in one process. */
export const eventStreamLimits = {
  /** How often the records are read. An update every second is enough for a person. */
  everyMs: 1000,
  /** The pause after a read, as a multiple of its duration. So a stream uses the database for at most a fifth of the time. */
  restPerRead: 4,
  /** The longest pause, even if a read takes long. It is shorter than `heartbeatMs`. */
  longestRestMs: 10_000,
  /** Proxies close connections without traffic after a minute (nginx, AWS), and this server after two. */
  heartbeatMs: 15_000,
  /** After this time the browser reconnects with its key or session, so a revoked key or an ended session loses its streams. */
  longestMs: 5 * 60_000,
  /** A page opens one or two streams, and a browser opens at most six over HTTP/1.1. Each stream costs a read every second. */
  perKey: 20,
};

export type EventStreamLimits = typeof eventStreamLimits;
