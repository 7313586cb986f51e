export { discardJob } from './discard-export.job.ts';
export { downloadJob } from './download/download-file.job.ts';
export { finalizeJob } from './finalize-export.job.ts';
export { kickOffJob } from './kick-off.job.ts';
export { pollJob } from './poll-export.job.ts';
export { resumeJob } from './resume-export.job.ts';
