import { randomUUID } from 'node:crypto';
import { type Logger, withLogContext } from '@bulkhead/runtime';
import type { RequestHandler } from 'express';

/** One line a request, and its id on every line in between. The route alone: addresses hold ids of patients. */
export function logRequests(logger: Logger): RequestHandler {
  return (request, response, next) => {
    const requestId = randomUUID();
    const startedAt = performance.now();
    response.set('X-Request-Id', requestId);
    withLogContext({ requestId }, () => {
      response.once('finish', () => {
        const { statusCode: status } = response;
        const durationMs = Math.round(performance.now() - startedAt);
        const route = request.route ? `${request.baseUrl}${request.route.path}` : undefined;
        logger.debug('request answered', { method: request.method, route, status, durationMs });
      });
      next();
    });
  };
}
