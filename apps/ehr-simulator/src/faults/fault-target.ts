import type { Request } from 'express';
import type { ExportRegistry } from '../export/export-registry.ts';
import type { FileLinks } from '../export/file-links.ts';
import type { TokenStore } from '../oauth/token-store.ts';
import type { Clock } from '../options/clock.ts';
import type { Practice } from '../practice/practice.ts';

/** What of the simulator a fault can reach; not the faults, which would know themselves. */
export interface FaultTarget {
  readonly clock: Pick<Clock, 'now'>;
  readonly practice: Practice;
  readonly exports: Pick<ExportRegistry, 'regenerate'>;
  readonly links: Pick<FileLinks, 'expireAll'>;
  readonly tokens: Pick<TokenStore, 'expireAll'>;
  readonly baseUrl: () => string;
  readonly fhirEndpoint: () => string;
  readonly otherEndpoint: () => string;
  readonly isFileHost: (req: Request) => boolean;
}
