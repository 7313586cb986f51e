import { type SigningKeyService, signingKeyBodySchema } from '@bulkhead/service';
import { Router } from 'express';
import { allow } from '../middleware/allow.ts';
import { auditNotes } from '../middleware/audit-notes.ts';
import { parseRequest } from '../middleware/parse-request.ts';

/** The deployment's keys for `private_key_jwt`: operators only. */
export function signingKeyRoutes({ signingKeys }: { readonly signingKeys: SigningKeyService }): Router {
  const router = Router();

  router.post('/signing-keys', allow('signing-key.create'), async (request, response) => {
    const data = await signingKeys.create(parseRequest(signingKeyBodySchema, request.body));
    auditNotes(response).target = { kid: data.kid };
    response.status(201).json({ success: true, data });
  });

  router.get('/signing-keys', allow('signing-key.list'), async (_request, response) => {
    response.json({ success: true, data: await signingKeys.list() });
  });

  router.post('/signing-keys/:kid/activate', allow('signing-key.activate'), async (request, response) => {
    response.json({ success: true, data: await signingKeys.activate(request.params.kid) });
  });

  router.post('/signing-keys/:kid/retire', allow('signing-key.retire'), async (request, response) => {
    response.json({ success: true, data: await signingKeys.retire(request.params.kid) });
  });

  router.delete('/signing-keys/:kid', allow('signing-key.delete'), async (request, response) => {
    await signingKeys.delete(request.params.kid);
    response.status(204).end();
  });

  return router;
}
