export { type JobName, type JobPayload, type QueueName, queueNames } from './catalog.ts';
export { connectRedis } from './connect-redis.ts';
export { type Consumer, createConsumer } from './consumer.ts';
export type { JobContext, Processor, Processors } from './processor.ts';
export { createProducer, type Producer } from './producer.ts';
export { checkRedis } from './redis-check.ts';
