import type { ImportDeps, ImportRepositories } from '../import-deps.ts';
import type { SyncStore } from './sync.feature.ts';

/** The repositories that a step of this feature can use. */
interface Repositories extends SyncStore, ImportRepositories {}

export type SyncRepository = keyof Repositories;

/** What a step of this feature gets: the repositories that it names, and the parts of its process. */
export interface SyncDeps<Uses extends SyncRepository> extends ImportDeps {
  readonly store: Pick<Repositories, Uses>;
}
