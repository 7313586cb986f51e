import { type AuditService, auditQuerySchema, toAuditView } from '@bulkhead/service';
import { Router } from 'express';
import { allow } from '../middleware/allow.ts';
import { parseRequest } from '../middleware/parse-request.ts';

/** Who did what. */
export function auditEventRoutes({ audit }: { readonly audit: AuditService }): Router {
  const router = Router();

  router.get('/audit-events', allow('audit-event.list'), async (request, response) => {
    const { events, next } = await audit.list(parseRequest(auditQuerySchema, request.query));
    response.json({ success: true, data: events.map(toAuditView), ...(next === undefined ? {} : { next }) });
  });

  return router;
}
