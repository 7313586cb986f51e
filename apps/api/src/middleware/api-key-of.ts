import type { ApiKey } from '@bulkhead/store';
import type { Response } from 'express';

const apiKeys = new WeakMap<Response, ApiKey>();

export function setApiKey({ response, apiKey }: { readonly response: Response; readonly apiKey: ApiKey }): void {
  apiKeys.set(response, apiKey);
}

/** Who sent the request; every route behind `authenticate` has one. */
export function apiKeyOf(response: Response): ApiKey {
  const apiKey = apiKeys.get(response);
  if (!apiKey) throw new Error('the route is not behind `authenticate`');
  return apiKey;
}
