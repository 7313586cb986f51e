export { type Consumer, createConsumer } from './consumer.ts';
export {
  type AnyJob,
  defineJob,
  type FailedJob,
  type Job,
  type JobContext,
  type JobDefinition,
  type JobEnd,
  type JobObserver,
  minuteMs,
  once,
  type RetryAt,
  tenTimes,
  threeTimes,
} from './define-job.ts';
export { jobError } from './errors.ts';
export { Producer } from './producer.ts';
export type { QueueFigures } from './queue-figures.ts';
export { type QueueName, queueNames } from './queue-names.ts';
export { checkRedis, connectRedis, disconnectRedis, watchConnection } from './redis.ts';
