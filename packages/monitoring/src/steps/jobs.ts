export { checkHealthJob } from './check-health.job.ts';
export { sampleHistoryJob } from './sample-history.job.ts';
export { sweepJob } from './sweep.job.ts';
