export { ignoreIfEnded, recordGone } from './errors.ts';
export { type InPhase, isInPhase, type PhaseBefore } from './phases.ts';
export { type EndedRun, retainRuns } from './retain-runs.ts';
export {
  dayBefore,
  hasWaitedForADay,
  isInterrupted,
  noteRetry,
  type Retrying,
  retryingSchema,
  withGrowingWait,
} from './retrying.ts';
export { byTime, lastEvents, phaseEvent, runEventShape } from './run-events.ts';
export { type LastCompleted, type NewestRun, RunQueries, type UsualRun } from './run-queries.ts';
