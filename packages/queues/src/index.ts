export { type JobName, type JobPayload, type QueueName, queueNames } from './catalog.ts';
export { type Consumer, createConsumer } from './consumer.ts';
export { jobError } from './errors.ts';
export type { FailedJob, Handler, Handlers, Job, JobContext, JobEnd, JobObserver, RetryAt } from './handler.ts';
export { Producer } from './producer.ts';
export type { QueueFigures } from './queue-figures.ts';
export { checkRedis, connectRedis, disconnectRedis, watchConnection } from './redis.ts';
