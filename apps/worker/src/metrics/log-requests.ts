import type { EhrObserver } from '@bulkhead/ehr-client';
import type { Logger } from '@bulkhead/runtime';

/**
 * Logs each attempt of each request to an EHR at the level debug, in addition to what `observer` does. `DEBUG=athenahealth:*` enables it.
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
    requestEnded(request) {
      observer.requestEnded(request);
      const { durationMs, waitMs, ...fields } = request;
      logger.debug('EHR request ended', { ...fields, durationMs: Math.round(durationMs), waitMs: Math.round(waitMs) });
    },
  };
}
