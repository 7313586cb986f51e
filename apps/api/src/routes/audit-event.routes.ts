import {
  type AuditService,
  auditCheckQuerySchema,
  auditQuerySchema,
  toAuditCheckView,
  toAuditView,
} from '@bulkhead/service';
import { Router } from 'express';
import { allow } from '../middleware/allow.ts';
import { notePatients } from '../middleware/audit-notes.ts';
import { parseRequest } from '../middleware/parse-request.ts';

/** Who did what, and whether the record of it is whole. */
export function auditEventRoutes({ audit }: { readonly audit: AuditService }): Router {
  const router = Router();

  router.get('/audit-events', allow('audit-event.list'), async (request, response) => {
    const query = parseRequest(auditQuerySchema, request.query);
    notePatients(response, query.patient === undefined ? [] : [query.patient]);
    const { events, next } = await audit.list(query);
    response.json({ success: true, data: events.map(toAuditView), ...(next === undefined ? {} : { next }) });
  });

  router.get('/audit-events/verification', allow('audit-event.verify'), async (request, response) => {
    const report = await audit.verify(parseRequest(auditCheckQuerySchema, request.query));
    response.json({ success: true, data: toAuditCheckView(report) });
  });

  return router;
}
