import { type ConnectionService, connectionBodySchema, toConnectionView } from '@bulkhead/service';
import { Router } from 'express';
import { parseRequest } from '../middleware/parse-request.ts';

export function connectionRoutes({ connections }: { readonly connections: ConnectionService }): Router {
  const router = Router();

  router.post('/connections', async (request, response) => {
    const connection = await connections.create(parseRequest(connectionBodySchema, request.body));
    response.status(201).location(`/api/ehr/connections/${connection.id}`);
    response.json({ success: true, data: toConnectionView(connection) });
  });

  router.get('/connections', async (_request, response) => {
    response.json({ success: true, data: (await connections.list()).map(toConnectionView) });
  });

  router.get('/connections/:id', async (request, response) => {
    response.json({ success: true, data: toConnectionView(await connections.find({ id: request.params.id })) });
  });

  router.delete('/connections/:id', async (request, response) => {
    await connections.delete(request.params.id);
    response.status(204).end();
  });

  return router;
}
