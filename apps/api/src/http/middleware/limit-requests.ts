import type { RequestHandler } from 'express';
import type { RequestLimits } from '../limits/request-limits.ts';
import { callerOf } from './caller-of.ts';

/** Counts a request against its key, also one of a session that was begun with it. */
export function limitRequests({ limits }: { readonly limits: RequestLimits }): RequestHandler {
  return async (_request, response, next) => {
    await limits.countRequest(callerOf(response).apiKey);
    next();
  };
}
