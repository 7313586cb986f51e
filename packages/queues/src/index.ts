export { catalog, type JobName, type JobPayload, type QueueName, queueNames } from './catalog.ts';
export { connectRedis } from './connect-redis.ts';
export { type Consumer, createConsumer, type JobContext, type Processor, type Processors } from './consumer.ts';
export { createProducer, type Producer } from './producer.ts';
export { checkRedis } from './redis-check.ts';
