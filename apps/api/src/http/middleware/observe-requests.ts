import { randomUUID } from 'node:crypto';
import { type Logger, type Metrics, type Tracing, withLogContext } from '@bulkhead/runtime';
import type { RequestHandler } from 'express';
import { endpointsAt } from './check-method.ts';

/** One line a request, and its id on every line in between; of a stream of events when it is over, whoever has ended it. The route alone: addresses hold ids of patients. */
export function logRequests(options: { readonly logger: Logger; readonly observe: ObserveRequest }): RequestHandler {
  const { logger, observe } = options;
  return (request, response, next) => {
    const { method, path } = request;
    // Not what Express makes of it: behind an error its routers have gone, and before them are addresses in any spelling.
    const route = endpointsAt(path).find((one) => method === (one.method.toUpperCase() as string))?.path;
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
        // How long somebody looks on says nothing of how fast this is.
        if (!isStream()) observe(log('request answered'));
      });
      response.once('close', () => {
        if (isStream()) log('event stream ended');
      });
      next();
    });
  };
}

/** A look at a status takes milliseconds; an enhanced sync is waited for up to 30 s. */
const buckets = [0.005, 0.025, 0.1, 0.5, 1, 5, 10, 35];

type ObserveRequest = (request: {
  readonly method: string;
  /** As the router has it, without ids; undefined where no route was found. */
  readonly route: string | undefined;
  readonly status: number;
  readonly durationMs: number;
}) => void;

/** Counts and times the API's requests. */
export function observeRequests(metrics: Metrics): ObserveRequest {
  const observe = metrics.histogram({
    name: 'bulkhead_http_request_duration_seconds',
    help: 'Requests to the API and how long they took; route: as in the API’s document, `none` for other addresses.',
    labels: ['method', 'route', 'status'],
    buckets,
  });
  return ({ method, route = 'none', status, durationMs }) =>
    observe({ method, route, status: `${Math.floor(status / 100)}xx` }, durationMs / 1000);
}

/** Asked for every few seconds: a trace of each would hide the others. A stream of events is minutes of such questions. */
const isUntraced = (route: string | undefined): boolean =>
  route !== undefined && /^\/(health|ready|metrics)$|\/events$/.test(route);

/** A span for each request, under that of the client where it says so. Its route alone: addresses hold ids of patients. */
export function traceRequests(tracing: Tracing): RequestHandler {
  if (!tracing.isOn) return (_request, _response, next) => next();
  return (request, response, next) => {
    const { method } = request;
    const route = endpointsAt(request.path).find((one) => method === (one.method.toUpperCase() as string))?.path;
    if (isUntraced(route)) return next();
    const attributes = { 'http.request.method': method, ...(route === undefined ? {} : { 'http.route': route }) };
    const options = { name: `${method} ${route ?? 'none'}`, kind: 'server', attributes } as const;
    void tracing.span({ ...options, parent: request.get('traceparent') }, (span) => {
      return new Promise<void>((resolve) => {
        // Also where the client has gone.
        response.once('close', () => {
          span.set({ 'http.response.status_code': response.statusCode });
          resolve();
        });
        next();
      });
    });
  };
}
