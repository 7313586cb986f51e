import { createHealth } from '@bulkhead/runtime';
import { Router } from 'express';
import type { Simulator } from '../simulator.ts';

/** For whoever started it. */
export function healthRoute({ options }: Simulator): Router {
  const { life } = createHealth({}, { instanceId: options.instanceId });
  const router = Router();
  router.get('/health', (_req, res) => {
    res.json(life);
  });
  return router;
}
