import type { Response } from 'express';

export interface StreamedEvent {
  readonly name: string;
  readonly data: unknown;
}

/** How long a browser waits before it connects anew, unless it was told `end`. */
const retryMs = 2000;

/** Writes server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export class EventWriter {
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
