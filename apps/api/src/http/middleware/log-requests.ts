import { randomUUID } from 'node:crypto';
import { type Logger, withLogContext } from '@bulkhead/runtime';
import type { RequestHandler } from 'express';
import { endpointsAt } from '../../openapi/endpoints-at.ts';
import type { ObserveRequest } from './observe-requests.ts';

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
