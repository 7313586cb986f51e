import type { FileLinks } from '../export/file-links.ts';
import type { TokenStore } from '../oauth/token-store.ts';

/** What of the simulator a fault can reach; not the faults, which would know themselves. */
export interface FaultTarget {
  readonly links: Pick<FileLinks, 'expireAll'>;
  readonly tokens: Pick<TokenStore, 'expireAll'>;
  readonly baseUrl: () => string;
  readonly fhirEndpoint: () => string;
  readonly fileEndpoint: () => string;
}
