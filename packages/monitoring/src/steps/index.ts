import { checkHealthWork } from './check-health.job.ts';
import { sampleHistoryWork } from './sample-history.job.ts';
import { sweepWork } from './sweep.job.ts';

export type { HealthDeps } from './check-health.job.ts';
export { checkHealthWork } from './check-health.job.ts';
export type { HistoryDeps } from './sample-history.job.ts';
export { sampleHistoryWork } from './sample-history.job.ts';
export type { SweepDeps } from './sweep.job.ts';
export { sweepWork } from './sweep.job.ts';

export const monitoringWorks = [checkHealthWork, sampleHistoryWork, sweepWork] as const;
