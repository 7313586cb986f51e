import type { ConnectionDeps } from '@bulkhead/connections/steps';
import type { DocumentDeps } from '@bulkhead/documents/steps';
import type { SyncStore } from '../store.ts';

/** What the steps of this feature work with. */
export interface SyncDeps extends Omit<DocumentDeps, 'store'> {
  readonly store: SyncStore & ConnectionDeps['store'];
}
