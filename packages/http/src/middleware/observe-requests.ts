import { randomUUID } from 'node:crypto';
import { type Logger, type Metrics, type Tracing, withLogContext } from '@bulkhead/base';
import type { RequestHandler } from 'express';
import type { EndpointsAt } from './check-method.ts';

/**
 * Logs one line for each request, and adds the id of the request to all lines of its handlers. The line of an event stream is written
 * when it ends. Only the route is logged, because addresses contain ids of patients.
 */
export function logRequests(options: {
  readonly logger: Logger;
  readonly observe: ObserveRequest;
  readonly endpointsAt: EndpointsAt;
}): RequestHandler {
  const { logger, observe, endpointsAt } = options;
  return (request, response, next) => {
    const { method, path } = request;
    // Not the route of Express: it is lost after an error, and before the routers there is only the address in any spelling.
    const route = endpointsAt(path).find((endpoint) => method === (endpoint.method.toUpperCase() as string))?.path;
    const requestId = randomUUID();
    const startedAt = performance.now();
    response.set('X-Request-Id', requestId);
    withLogContext({ requestId }, () => {
      const isStream = () => response.get('content-type')?.startsWith('text/event-stream') === true;
      const log = (message: string) => {
        const { statusCode: status } = response;
        const durationMs = Math.round(performance.now() - startedAt);
        logger.debug(message, { method, route, status, durationMs });
        return { method, route, status, durationMs };
      };
      response.once('finish', () => {
        // The duration of an event stream says nothing about the speed of the API.
        if (!isStream()) observe(log('request answered'));
      });
      response.once('close', () => {
        if (isStream()) log('event stream ended');
      });
      next();
    });
  };
}

/** A status request takes milliseconds. An enhanced sync is answered after up to 30 s. */
const buckets = [0.005, 0.025, 0.1, 0.5, 1, 5, 10, 35];

type ObserveRequest = (request: {
  readonly method: string;
  /** The path of the endpoint, without ids. Undefined if no endpoint was found. */
  readonly route: string | undefined;
  readonly status: number;
  readonly durationMs: number;
}) => void;

/** Counts and times the requests of a program. */
export function observeRequests(metrics: Metrics): ObserveRequest {
  const observe = metrics.histogram({
    name: 'bulkhead_http_request_duration_seconds',
    help: 'Duration of requests to the API and to `serve`. `route` is the path in the OpenAPI document, or `none` for other URLs.',
    labels: ['method', 'route', 'status'],
    buckets,
  });
  return ({ method, route = 'none', status, durationMs }) =>
    observe({ method, route, status: `${Math.floor(status / 100)}xx` }, durationMs / 1000);
}

/** These are requested every few seconds, so their traces would hide the others. An event stream would be a trace of minutes. */
const isUntraced = (route: string | undefined): boolean =>
  route !== undefined && /^\/(health|ready|metrics)$|\/events$/.test(route);

/** Creates a span for each request, below the client's span if it sends one. Addresses contain ids of patients, so it has the route only. */
export function traceRequests(tracing: Tracing, endpointsAt: EndpointsAt): RequestHandler {
  if (!tracing.isOn) return (_request, _response, next) => next();
  return (request, response, next) => {
    const { method } = request;
    const route = endpointsAt(request.path).find(
      (endpoint) => method === (endpoint.method.toUpperCase() as string),
    )?.path;
    if (isUntraced(route)) return next();
    const attributes = { 'http.request.method': method, ...(route === undefined ? {} : { 'http.route': route }) };
    const options = { name: `${method} ${route ?? 'none'}`, kind: 'server', attributes } as const;
    void tracing.span({ ...options, parent: request.get('traceparent') }, (span) => {
      return new Promise<void>((resolve) => {
        // `close` is also emitted if the client has left.
        response.once('close', () => {
          span.set({ 'http.response.status_code': response.statusCode });
          resolve();
        });
        next();
      });
    });
  };
}
