export { downloadJob } from './download/download-file.job.ts';
export { discardJob } from './finish/discard-export.job.ts';
export { finalizeJob } from './finish/finalize-export.job.ts';
export { kickOffJob } from './kick-off/kick-off.job.ts';
export { pollJob } from './poll/poll-export.job.ts';
export { resumeJob } from './recover/resume-export.job.ts';
