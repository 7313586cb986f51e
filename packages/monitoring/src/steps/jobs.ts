export { sampleHistoryJob } from './sample-history.job.ts';
export { sweepJob } from './sweep.job.ts';
