export { syncError } from './errors.ts';
export { createSyncStore, type SyncStore } from './store.ts';
export { type SyncEnd, syncEndedEventSchema } from './sync-ended.event.ts';
export type { SkippedType, SyncRequest, SyncRun } from './sync-run.record.ts';
export { isSyncActive, syncRunPhases, syncRunStatus } from './sync-run-phase.ts';
export { minimumRequests } from './sync-search.ts';
export type { SyncTypeCount } from './sync-step.record.ts';
