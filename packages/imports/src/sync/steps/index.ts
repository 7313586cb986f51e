export type { SyncDeps } from './deps.ts';
export { endedSyncs } from './ended-syncs.ts';
export { finalizeSync } from './finalize-sync.job.ts';
export { planSync } from './plan-sync.job.ts';
export { replaySearchEntry } from './replay-search-entry.ts';
export { runSyncStep } from './run-sync-step.job.ts';
export { syncWork } from './sync-work.ts';
