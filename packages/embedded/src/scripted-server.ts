import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

// The only server of tests beside the simulator and the world of the protocol fuzz: it answers by path with what a test sets, also with
// answers that no server should give.

/** A request as it was received. */
export interface ReceivedRequest {
  readonly method: string;
  /** The path and the query. */
  readonly url: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The number of this request among those of the same key of the script, counted from 1. */
  readonly count: number;
}

export interface Answer {
  /** Default: 200. */
  readonly status?: number;
  readonly headers?: OutgoingHttpHeaders;
  /** An object is sent as JSON. */
  readonly body?: string | Uint8Array | object | undefined;
}

/** Chooses the answer, or writes the response itself: slowly, in part or never. */
export type Handler = (
  request: ReceivedRequest,
  response: ServerResponse,
) => Route | ServerResponse | undefined | Promise<Route | ServerResponse | undefined>;

/** A text is a file of NDJSON. */
export type Route = Answer | string | Uint8Array | Handler;

/**
 * The answers by path, with an optional method, and with one `*` for any characters: `/metadata`, `DELETE /status/*`. A whole path is
 * preferred to a pattern, a method to none, and a longer pattern to a shorter one. Other requests are answered with 404. The parts of
 * a list answer one request each, and the last one also all further requests.
 */
export type Script = Readonly<Record<string, Route | readonly Route[]>>;

export type ScriptedServer = Awaited<ReturnType<typeof startScriptedServer>>;

/**
 * Starts a server on this machine.
 * @param first a function answers every request
 */
export async function startScriptedServer(
  first: Script | Handler = {},
  options: {
    /** Default: a free port. */
    readonly port?: number;
    /** Serves HTTPS with this certificate. */
    readonly tls?: { readonly key: string; readonly cert: string };
  } = {},
) {
  const { port = 0, tls } = options;
  const script = new Map<string, Route[]>();
  const counts = new Map<string, number>();
  const requests: ReceivedRequest[] = [];
  const answer = (next: Script | Handler): void => {
    for (const [key, route] of Object.entries(typeof next === 'function' ? { '*': next } : next))
      script.set(key, Array.isArray(route) ? [...route] : [route]);
  };
  answer(first);
  const server = tls ? createTlsServer(tls) : createServer();
  server.on('request', async (message, response) => {
    const { method = '', url = '', headers } = message;
    // A client may close the connection before its request is complete. Then there is nothing to answer.
    const body = await text(message).catch(() => undefined);
    if (body === undefined) return;
    const { pathname: path, searchParams: query } = new URL(url, 'http://server');
    const key = [...script.keys()]
      .filter((pattern) => isMatch(pattern, { method, path }))
      .toSorted((one, other) => precisionOf(other) - precisionOf(one))[0];
    const count = (counts.get(key ?? '') ?? 0) + 1;
    counts.set(key ?? '', count);
    const request = { method, url, path, query, headers, body, count };
    requests.push(request);
    const routes = script.get(key ?? '') ?? [];
    await send((routes.length > 1 ? routes.shift() : routes[0]) ?? { status: 404 }, request, response);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    server.closeAllConnections();
    await server[Symbol.asyncDispose]();
  };
  return {
    /** Scheme, host and port. */
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** All requests in their order. */
    requests,
    /** Adds answers to the script, and replaces those with the same key. */
    answer,
    /** Closes the server and all connections. */
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function isMatch(pattern: string, { method, path }: Pick<ReceivedRequest, 'method' | 'path'>): boolean {
  const [wanted = '', verb] = pattern.split(' ').toReversed();
  if (verb !== undefined && verb !== method) return false;
  const [start = '', end] = wanted.split('*');
  if (end === undefined) return path === start;
  return path.length >= start.length + end.length && path.startsWith(start) && path.endsWith(end);
}

function precisionOf(pattern: string): number {
  return (pattern.includes('*') ? 0 : 2000) + (pattern.includes(' ') ? 1000 : 0) + pattern.length;
}

async function send(route: Route, request: ReceivedRequest, response: ServerResponse): Promise<unknown> {
  if (typeof route === 'function') {
    const chosen = await route(request, response);
    return chosen === undefined || chosen instanceof ServerResponse ? chosen : send(chosen, request, response);
  }
  if (typeof route === 'string' || route instanceof Uint8Array)
    return response.writeHead(200, { 'content-type': 'application/fhir+ndjson' }).end(route);
  const { status = 200, headers = {}, body = '' } = route;
  if (typeof body === 'string' || body instanceof Uint8Array) return response.writeHead(status, headers).end(body);
  return response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
