export { type JobName, type JobPayload, type QueueName, queueNames } from './catalog.ts';
export { connectRedis } from './connect-redis.ts';
export { type Consumer, createConsumer } from './consumer.ts';
export type { FailedJob, Handler, Handlers, Job, JobContext, RetryAt } from './handler.ts';
export type { JobEnd, JobObserver } from './job-observer.ts';
export { planRetry } from './plan-retry.ts';
export { createProducer, type Producer } from './producer.ts';
export type { QueueFigures } from './queue-figures.ts';
export { checkRedis } from './redis-check.ts';
