export { syncError } from './errors.ts';
export { type SyncStore, syncFeature } from './sync.feature.ts';
export { type SyncEnd, syncEndedEventSchema } from './sync-ended.event.ts';
export type { SkippedType, SyncRequest, SyncRun } from './sync-run.record.ts';
export { isSyncActive, syncRunPhases, syncRunStatus } from './sync-run-phase.ts';
export { minimumRequests } from './sync-search.ts';
export type { SyncTypeCount } from './sync-step.record.ts';
