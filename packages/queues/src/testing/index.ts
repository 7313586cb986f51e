export { attemptJob, firstAttempt, lastAttempt, planAfter } from './attempts.ts';
