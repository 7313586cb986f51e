export { createCrawlMarkRepository } from './crawl-mark.repository.ts';
export type { SyncStore } from './store.ts';
export { createSyncRunRepository } from './sync-run.repository.ts';
export {
  isSyncActive,
  minimumRequests,
  type SkippedType,
  type SyncRequest,
  type SyncRun,
  type SyncTypeCount,
  syncRunPhases,
  syncRunStatus,
} from './sync-run.ts';
export { createSyncStepRepository } from './sync-step.repository.ts';
