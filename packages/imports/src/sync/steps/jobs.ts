export { finalizeSyncJob } from './finalize-sync.job.ts';
export { planSyncJob } from './plan-sync.job.ts';
export { resumeSyncJob } from './resume-sync.job.ts';
export { syncStepJob } from './run-sync-step.job.ts';
