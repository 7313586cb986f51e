import { randomUUID } from 'node:crypto';
import { type Logger, withLogContext } from '@bulkhead/runtime';
import type { RequestHandler } from 'express';

/** One line a request, and its id on every line in between. Paths only: queries hold ids of connections and patients. */
export function logRequests(logger: Logger): RequestHandler {
  return (request, response, next) => {
    const requestId = randomUUID();
    const startedAt = performance.now();
    response.set('X-Request-Id', requestId);
    withLogContext({ requestId }, () => {
      response.once('finish', () => {
        const { statusCode: status } = response;
        const durationMs = Math.round(performance.now() - startedAt);
        logger.debug('request answered', { method: request.method, url: request.originalUrl, status, durationMs });
      });
      next();
    });
  };
}
