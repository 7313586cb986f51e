import type { ProviderRegistry } from '@bulkhead/providers';
import { type ConnectionService, toCapabilitiesView } from '@bulkhead/service';
import { Router } from 'express';
import { z } from 'zod';
import { allow } from '../middleware/allow.ts';
import { callerOf } from '../middleware/caller-of.ts';
import { parseRequest } from '../middleware/parse-request.ts';

export const capabilitiesQuerySchema = z.strictObject({ connectionId: z.string().min(1).max(100) });

/** The guide's endpoint 4. */
export function capabilitiesRoute(options: {
  readonly connections: ConnectionService;
  readonly registry: ProviderRegistry;
}): Router {
  const { connections, registry } = options;
  const router = Router();
  router.get('/:provider/capabilities', allow('connection.read-capabilities'), async (request, response) => {
    const provider = registry.get(request.params.provider);
    const { connectionId } = parseRequest(capabilitiesQuerySchema, request.query);
    const { scope } = callerOf(response);
    const capabilities = await connections.capabilities({ provider: provider.id, id: connectionId, scope });
    response.json({ success: true, data: toCapabilitiesView({ capabilities, provider }) });
  });
  return router;
}
