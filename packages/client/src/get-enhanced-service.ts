import type { EnhancedService } from './enhanced-service.ts';
import { createHttpService } from './http-service.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The guide calls its function without arguments, so the module has to keep the service. There is no other module state. */
let service: EnhancedService | undefined;

/**
 * Returns the service of the athenahealth integration guide. It calls the API at BULKHEAD_URL with the key in BULKHEAD_API_KEY. Every
 * call returns the same service until it is closed.
 * @throws Error if one of them is missing
 */
export function getAthenaHealthEnhancedService(env = environment()): EnhancedService {
  service ??= createService(env);
  return service;
}

function createService({ BULKHEAD_URL: baseUrl, BULKHEAD_API_KEY: apiKey }: Environment): EnhancedService {
  if (!baseUrl || !URL.canParse(baseUrl) || !apiKey)
    throw new Error('Set BULKHEAD_URL to the URL of the API, and BULKHEAD_API_KEY to an API key.');
  const close = async () => {
    service = undefined;
  };
  return { ...createHttpService({ baseUrl, apiKey }), close };
}

/** A browser has none. */
function environment(): Environment {
  return (globalThis as { readonly process?: { readonly env: Environment } }).process?.env ?? {};
}
