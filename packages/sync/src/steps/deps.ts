import type { ConnectionDeps } from '@bulkhead/connections/steps';
import type { DocumentDeps } from '@bulkhead/documents/steps';
import type { ByteBudget } from '@bulkhead/runtime';
import type { SyncStore } from '../index.ts';

/** The dependencies of the steps of this feature. */
export interface SyncDeps extends Omit<DocumentDeps, 'store'> {
  readonly store: SyncStore & ConnectionDeps['store'];
  /** For what is large, of all jobs of the process. */
  readonly largeBytes: ByteBudget;
}
