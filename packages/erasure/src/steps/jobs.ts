export { retainJob } from './retain.job.ts';
export { eraseJob } from './run-erasure.job.ts';
