export { createCrawlMarkRepository } from './crawl-mark.repository.ts';
export type { SyncStore } from './store.ts';
export {
  isSyncActive,
  type SkippedType,
  type SyncRequest,
  type SyncRun,
  syncRunPhases,
  syncRunStatus,
} from './sync-run.record.ts';
export { createSyncRunRepository } from './sync-run.repository.ts';
export { minimumRequests, type SyncTypeCount } from './sync-step.record.ts';
export { createSyncStepRepository } from './sync-step.repository.ts';
