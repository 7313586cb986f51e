import type { Logger } from '@bulkhead/base';
import type { EhrObserver } from '@bulkhead/ehr';

/**
 * Logs each attempt of each request to an EHR at the level debug, in addition to what `observer` does. `DEBUG=athenahealth:*` enables it.
 * A token without a type is a warning, because a later version of the server may mean another type.
 */
export function logRequests({
  observer,
  logger,
}: {
  readonly observer: EhrObserver;
  readonly logger: Logger;
}): EhrObserver {
  return {
    ...observer,
    tokenRequested(token) {
      observer.tokenRequested(token);
      if (token.isUntyped) logger.warn('token without a type is used as a Bearer token', { provider: token.provider });
    },
    requestEnded(request) {
      observer.requestEnded(request);
      const { durationMs, waitMs, ...fields } = request;
      logger.debug('EHR request ended', { ...fields, durationMs: Math.round(durationMs), waitMs: Math.round(waitMs) });
    },
  };
}
