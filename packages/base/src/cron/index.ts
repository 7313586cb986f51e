export { cronFault, isTimeZone, shortestGapMs } from './cron-fault.ts';
export { nextRun, nextRuns } from './next-run.ts';
