import type { EhrObserver } from '@bulkhead/ehr-client';
import type { Logger } from '@bulkhead/runtime';

/** A debug line for each try of each request to an EHR, beside what `observer` does: what `DEBUG=athenahealth:*` is for. */
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
