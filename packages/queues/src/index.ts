export { type Consumer, createConsumer } from './consumer.ts';
export {
  type AnyWork,
  defineJob,
  type FailedJob,
  type JobContext,
  type JobDefinition,
  type JobEnd,
  type JobObserver,
  minuteMs,
  once,
  type RetryAt,
  tenTimes,
  threeTimes,
  type Work,
  work,
} from './define-job.ts';
export { jobError } from './errors.ts';
export { Producer } from './producer.ts';
export type { QueueFigures } from './queue-figures.ts';
export { type QueueName, queueNames } from './queue-names.ts';
export { checkRedis, connectRedis, disconnectRedis, watchConnection } from './redis.ts';
