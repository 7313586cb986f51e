export { endedSyncs } from './finish/ended-syncs.ts';
export { finalizeSync } from './finish/finalize-sync.job.ts';
export { planSync } from './plan/plan-sync.job.ts';
export { syncWork } from './recover/sync-work.ts';
export { replaySearchEntry } from './search/replay-search-entry.ts';
export { runSyncStep } from './search/run-sync-step.job.ts';
export type { SyncDeps } from './sync-deps.ts';
