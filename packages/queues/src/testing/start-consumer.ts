import { type Consumer, type ConsumerOptions, createConsumer } from '../consumer.ts';
import type { Handlers } from '../handler.ts';

/** Starts a worker of the queues of a feature. It has handlers only for the jobs of the feature. */
export function startConsumer<Deps>({
  handlers,
  ...options
}: Omit<ConsumerOptions<Deps>, 'handlers'> & { readonly handlers: Partial<Handlers<Deps>> }): Consumer {
  const consumer = createConsumer({ ...options, handlers: handlers as Handlers<Deps> });
  consumer.start();
  return consumer;
}
