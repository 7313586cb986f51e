export { createCrawlMarkRepository } from './crawl-mark.repository.ts';
export type { SyncStore } from './store.ts';
export { type SyncEnd, syncEndedEventSchema } from './sync-ended.event.ts';
export type { SkippedType, SyncRequest, SyncRun } from './sync-run.record.ts';
export { createSyncRunRepository } from './sync-run.repository.ts';
export { isSyncActive, syncRunPhases, syncRunStatus } from './sync-run-phase.ts';
export { minimumRequests } from './sync-search.ts';
export type { SyncTypeCount } from './sync-step.record.ts';
export { createSyncStepRepository } from './sync-step.repository.ts';
