import {
  type BulkExportService,
  type ConnectionService,
  connectionAuthSchema,
  connectionBodySchema,
  toConnectionView,
  toTestView,
  toWatermarkView,
} from '@bulkhead/service';
import { Router } from 'express';
import { z } from 'zod';
import { allow } from '../middleware/allow.ts';
import { auditNotes } from '../middleware/audit-notes.ts';
import { callerOf } from '../middleware/caller-of.ts';
import { parseRequest } from '../middleware/parse-request.ts';

export const credentialsSchema = z.strictObject({ auth: connectionAuthSchema });

export function connectionRoutes(services: {
  readonly connections: ConnectionService;
  readonly bulkExports: BulkExportService;
}): Router {
  const { connections, bulkExports } = services;
  const router = Router();

  router.post('/connections', allow('connection.create'), async (request, response) => {
    const connection = await connections.create(parseRequest(connectionBodySchema, request.body));
    auditNotes(response).target = { id: connection.id, provider: connection.provider };
    response.status(201).location(`/api/ehr/connections/${connection.id}`);
    response.json({ success: true, data: toConnectionView(connection) });
  });

  router.get('/connections', allow('connection.list'), async (_request, response) => {
    const found = await connections.list(callerOf(response).scope);
    response.json({ success: true, data: found.map(toConnectionView) });
  });

  router.get('/connections/:id', allow('connection.read'), async (request, response) => {
    const { scope } = callerOf(response);
    response.json({ success: true, data: toConnectionView(await connections.find({ id: request.params.id, scope })) });
  });

  router.get('/connections/:id/watermarks', allow('connection.read'), async (request, response) => {
    const found = await bulkExports.watermarks({ id: request.params.id, scope: callerOf(response).scope });
    response.json({ success: true, data: found.map(toWatermarkView) });
  });

  router.post('/connections/:id/test', allow('connection.test'), async (request, response) => {
    const { id } = request.params;
    const test = await connections.test({ id, scope: callerOf(response).scope });
    if (test) {
      response.json({ success: true, data: toTestView(test) });
      return;
    }
    const url = `/api/ehr/connections/${id}`;
    response
      .status(202)
      .location(url)
      .json({ success: true, data: { status: 'IN_PROGRESS', url } });
  });

  router.put('/connections/:id/credentials', allow('connection.change-credentials'), async (request, response) => {
    const { auth } = parseRequest(credentialsSchema, request.body);
    const { scope } = callerOf(response);
    const connection = await connections.changeCredentials({ id: request.params.id, scope, body: auth });
    response.json({ success: true, data: toConnectionView(connection) });
  });

  return router;
}
