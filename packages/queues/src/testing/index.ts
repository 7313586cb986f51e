export { attemptJob, firstAttempt, lastAttempt, planAfter } from './attempts.ts';
export { startConsumer } from './start-consumer.ts';
