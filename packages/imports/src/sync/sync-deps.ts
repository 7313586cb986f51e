import type { ByteBudget } from '@bulkhead/base';
import type { DocumentDeps } from '@bulkhead/documents/steps';
import type { ImportRepositories } from '../import-repositories.ts';
import type { SyncStore } from './sync.feature.ts';

/** The repositories that a step of this feature can use. */
interface Repositories extends SyncStore, ImportRepositories {}

export type SyncRepository = keyof Repositories;

/** What a step of this feature gets: the repositories that it names, and the parts of its process. */
export interface SyncDeps<Uses extends SyncRepository> extends Omit<DocumentDeps<never>, 'store'> {
  readonly store: Pick<Repositories, Uses>;
  /** For what is large, of all jobs of the process. */
  readonly largeBytes: ByteBudget;
}
