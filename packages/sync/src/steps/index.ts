export type { SyncDeps } from './deps.ts';
export { resumeSync } from './ensure-sync-jobs.ts';
export { failGivenUpSync, finalizeSync } from './finalize-sync.ts';
export { planSync, planSyncInTime } from './plan-sync.ts';
export { replaySearchEntry } from './replay-search-entry.ts';
export { failSyncStep, runSyncStep, runSyncStepAndFinish } from './run-sync-step.ts';
export { syncWork } from './sync-work.ts';
