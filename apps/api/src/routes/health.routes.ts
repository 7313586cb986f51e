import type { createHealth } from '@bulkhead/runtime';
import { Router } from 'express';

/** For load balancers and orchestrators: no key. */
export function healthRoutes({ health }: { readonly health: ReturnType<typeof createHealth> }): Router {
  const router = Router();
  router.get('/health', (_request, response) => {
    response.json(health.life);
  });
  router.get('/ready', async (_request, response) => {
    const readiness = await health.readiness();
    response.status(readiness.ready ? 200 : 503).json(readiness);
  });
  return router;
}
