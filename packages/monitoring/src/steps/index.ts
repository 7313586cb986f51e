export type { HealthDeps } from './check-health.job.ts';
export type { HistoryDeps } from './sample-history.job.ts';
export type { SweepDeps } from './sweep.job.ts';
