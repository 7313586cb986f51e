export { replayJob } from './replay.job.ts';
