import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { notifyClients } from '../use-cases/notify-clients.ts';

export function createNotifyClientsProcessor(deps: UseCaseDeps): Processor<'webhook.notify'> {
  return async (ended) => {
    await notifyClients(deps, ended);
  };
}
