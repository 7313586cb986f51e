import { type Consumer, type ConsumerOptions, createConsumer } from '../consumer.ts';

/** Starts a worker of the queues of a feature. */
export function startConsumer<Deps>(options: ConsumerOptions<Deps>): Consumer {
  const consumer = createConsumer(options);
  consumer.start();
  return consumer;
}
