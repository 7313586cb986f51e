import type { ConnectionScope } from '@bulkhead/domain';
import type { ApiKey } from '@bulkhead/store';
import type { Response } from 'express';

/** Who sends a request. */
export interface Caller {
  readonly apiKey: ApiKey;
  /** What each service method that finds something takes along. */
  readonly scope: ConnectionScope;
}

const callers = new WeakMap<Response, Caller>();

export function setCaller({ response, apiKey }: { readonly response: Response; readonly apiKey: ApiKey }): void {
  callers.set(response, { apiKey, scope: apiKey.connectionIds ?? 'all' });
}

/** Every route behind `authenticate` has one. */
export function callerOf(response: Response): Caller {
  const caller = callers.get(response);
  if (!caller) throw new Error('the route is not behind `authenticate`');
  return caller;
}
