import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { listen } from '@bulkhead/base';
import { answerUnreadable } from './answer-error.ts';

/** Limits against slow clients, silent clients, and clients that send too much, as options of `http.createServer`. */
export const httpLimits = {
  /** Cookies, tokens and a long search need at most half of this. */
  maxHeaderSize: 16 * 1024,
  /** Headers fit into one or two packets. */
  headersTimeout: 15_000,
  /** Enough for the largest body, a corrected line of 10 MB, over a connection of 1 Mbit/s. */
  requestTimeout: 120_000,
  /** How often the two timeouts are checked. */
  connectionsCheckingInterval: 5000,
  /** Longer than load balancers keep idle connections (60 s), so that the server never closes one while a request is being sent. */
  keepAliveTimeout: 65_000,
  /** The limit for a socket without reads and writes. A client that does not read its stream keeps a database cursor open. */
  idleTimeout: 120_000,
};

export type HttpLimits = typeof httpLimits;

/** How often idle connections are closed while the process stops. It is short compared with the seconds that stopping may take. */
const idleCheckMs = 50;
/**
 * How long a process that stops still answers. A proxy or client may have sent a request on a kept connection that it does not know to be
 * closed. Longer than a request is on its way.
 */
const defaultDrainMs = 500;

/** The server of a program, which ends without an answer that is cut. */
export class HttpServer {
  readonly #server: Server;
  readonly #drainMs: number;
  readonly #variable: string;

  constructor(options: {
    readonly app: RequestListener;
    readonly limits?: HttpLimits | undefined;
    /** For tests that stop many processes. */
    readonly drainMs?: number | undefined;
    /** The variable that sets the port, for the message about one that is in use. */
    readonly variable: string;
  }) {
    const { app, limits: { idleTimeout, ...limits } = httpLimits, drainMs = defaultDrainMs, variable } = options;
    this.#variable = variable;
    this.#drainMs = drainMs;
    this.#server = createServer(limits, app).setTimeout(idleTimeout);
    answerUnreadable(this.#server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  listen({ port, host }: { readonly port: number; readonly host: string }): Promise<void> {
    return listen(this.#server, { port, host, variable: this.#variable });
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server.listening) await this.#drain();
    const closed = server.listening ? once(server, 'close') : undefined;
    server.close();
    // A connection whose request is still being answered becomes idle later, and would be kept open for a next request.
    const closing = setInterval(() => server.closeIdleConnections(), idleCheckMs);
    await closed;
    clearInterval(closing);
  }

  /** Ends each connection with its next answer, and waits for requests that are on their way. */
  async #drain(): Promise<void> {
    this.#server.prependListener('request', (_request, response: ServerResponse) => {
      response.shouldKeepAlive = false;
    });
    await delay(this.#drainMs);
  }
}
