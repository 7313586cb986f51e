import type { ConnectionStore } from '@bulkhead/connections';
import type { DocumentStore } from '@bulkhead/documents';
import type { QuarantineStore } from '@bulkhead/quarantine';
import type { ResourceStore } from '@bulkhead/resources';
import type { createCrawlMarkRepository } from './crawl-mark.repository.ts';
import type { createSyncRunRepository } from './sync-run.repository.ts';
import type { createSyncStepRepository } from './sync-step.repository.ts';

export { createCrawlMarkRepository } from './crawl-mark.repository.ts';
export { type SyncEnd, syncEndedEventSchema } from './sync-ended.event.ts';
export type { SkippedType, SyncRequest, SyncRun } from './sync-run.record.ts';
export { createSyncRunRepository } from './sync-run.repository.ts';
export { isSyncActive, syncRunPhases, syncRunStatus } from './sync-run-phase.ts';
export { minimumRequests } from './sync-search.ts';
export type { SyncTypeCount } from './sync-step.record.ts';
export { createSyncStepRepository } from './sync-step.repository.ts';

/** The repositories that this feature uses. */
export interface SyncStore
  extends Pick<ConnectionStore, 'connections'>,
    Pick<ResourceStore, 'prepareResourceTypes'>,
    QuarantineStore,
    DocumentStore {
  readonly syncRuns: ReturnType<typeof createSyncRunRepository>;
  readonly syncSteps: ReturnType<typeof createSyncStepRepository>;
  readonly crawlMarks: ReturnType<typeof createCrawlMarkRepository>;
}
export { syncError } from './errors.ts';
