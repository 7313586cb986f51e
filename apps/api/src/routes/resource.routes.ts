import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ResourceService } from '@bulkhead/service';
import { Router } from 'express';
import { z } from 'zod';
import { parseRequest } from '../middleware/parse-request.ts';

const querySchema = z.strictObject({ connectionId: z.string().min(1).max(100) });

/** Stored resources, as the server sent them. */
export function resourceRoutes({ resources }: { readonly resources: ResourceService }): Router {
  const router = Router();

  router.get('/:provider/resources/:type', async (request, response) => {
    const { connectionId } = parseRequest(querySchema, request.query);
    const { provider, type } = request.params;
    const lines = await resources.stream({ provider, connectionId, resourceType: type });
    response.set('content-type', 'application/fhir+ndjson');
    await pipeline(Readable.from(lines), response);
  });

  router.get('/:provider/resources/:type/:id', async (request, response) => {
    const { connectionId } = parseRequest(querySchema, request.query);
    const { provider, type, id } = request.params;
    const text = await resources.read({ provider, connectionId, resourceType: type, resourceId: id });
    response.set('content-type', 'application/fhir+json').send(Buffer.from(text));
  });

  return router;
}
