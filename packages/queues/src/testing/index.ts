export { attemptJob, firstAttempt, lastAttempt, planAfter, runBy, runJob } from './attempts.ts';
export { startConsumer } from './start-consumer.ts';
export { startSentinels } from './start-sentinels.ts';
