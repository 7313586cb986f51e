export { attemptJob, firstAttempt, lastAttempt, planAfter, runBy, runJob } from './attempts.ts';
export { startConsumer } from './start-consumer.ts';
