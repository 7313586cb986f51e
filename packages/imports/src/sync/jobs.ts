export { finalizeSyncJob } from './finish/finalize-sync.job.ts';
export { planReferencesJob } from './plan/plan-references.job.ts';
export { planSyncJob } from './plan/plan-sync.job.ts';
export { resumeSyncJob } from './recover/resume-sync.job.ts';
export { syncStepJob } from './search/run-sync-step.job.ts';
