import { type MonitoringService, toQueueView } from '@bulkhead/service';
import { Router } from 'express';
import { allow } from '../middleware/allow.ts';

/** How the queues stand, of all connections. */
export function queueRoute({ monitoring }: { readonly monitoring: MonitoringService }): Router {
  const router = Router();
  router.get('/queues', allow('queue.list'), async (_request, response) => {
    response.json({ success: true, data: (await monitoring.readQueues()).map(toQueueView) });
  });
  return router;
}
