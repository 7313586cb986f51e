import { finalizeSyncWork } from './finish/finalize-sync.job.ts';
import { planReferencesWork } from './plan/plan-references.job.ts';
import { planSyncWork } from './plan/plan-sync.job.ts';
import { resumeSyncWork } from './recover/sync-work.ts';
import { syncStepWork } from './search/run-sync-step.job.ts';

export { finalizeSync } from './finish/finalize-sync.job.ts';
export { planReferencesWork } from './plan/plan-references.job.ts';
export { planSync } from './plan/plan-sync.job.ts';
export { syncWork } from './recover/sync-work.ts';
export { replaySearchEntry } from './search/replay-search-entry.ts';
export { runSyncStep } from './search/run-sync-step.job.ts';
export type { SyncDeps } from './sync-deps.ts';
export { endedSyncs } from './sync-ended.event.ts';

export const syncWorks = [planSyncWork, syncStepWork, planReferencesWork, finalizeSyncWork, resumeSyncWork] as const;
