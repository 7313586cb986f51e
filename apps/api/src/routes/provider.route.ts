import type { ProviderRegistry } from '@bulkhead/providers';
import { toProviderView } from '@bulkhead/service';
import { Router } from 'express';
import { allow } from '../middleware/allow.ts';

/** The EHR vendors that connections can name. */
export function providerRoute({ registry }: { readonly registry: ProviderRegistry }): Router {
  const router = Router();
  router.get('/providers', allow('provider.list'), (_request, response) => {
    response.json({ success: true, data: registry.list().map(toProviderView) });
  });
  return router;
}
