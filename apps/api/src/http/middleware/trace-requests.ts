import type { Tracing } from '@bulkhead/runtime';
import type { RequestHandler } from 'express';
import { endpointsAt } from '../../openapi/endpoints-at.ts';

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
