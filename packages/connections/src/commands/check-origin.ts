import { endpointsOf, type Provider } from '@bulkhead/providers';
import type { Fault } from '@bulkhead/runtime';

/** Credentials are sent to these hosts, so only the operator's registry can name them, not a request. */
export function checkOrigin(options: {
  readonly provider: Provider;
  readonly url: string;
  readonly path: string;
  readonly faults: Fault[];
}): void {
  const { provider, url, path, faults } = options;
  const origins = new Set(endpointsOf(provider).map((one) => new URL(one).origin));
  if (origins.has(new URL(url).origin)) return;
  faults.push({ path, message: `must be at one of ${provider.id}'s hosts: ${[...origins].join(', ')}` });
}
