import {
  type BulkExportService,
  bulkExportQuerySchema,
  bulkExportRequestSchema,
  exportStatusQuerySchema,
  toFileView,
  toStartedView,
  toStatusView,
} from '@bulkhead/service';
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { allow } from '../middleware/allow.ts';
import { auditNotes, noteChange, noteTarget } from '../middleware/audit-notes.ts';
import { callerOf, viewFor } from '../middleware/caller-of.ts';
import { parseRequest } from '../middleware/parse-request.ts';

/** As https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header has it; a UUID is what clients send. */
export const idempotencyKeySchema = z
  .string()
  .regex(/^[!-~]{1,200}$/, 'Idempotency-Key: 1-200 visible ASCII characters without a space')
  .optional();

/** The guide's endpoints 1 and 2, the ledger, cancel and retry. */
export function bulkExportRoutes({ bulkExports }: { readonly bulkExports: BulkExportService }): Router {
  const router = Router();

  router.post('/:provider/bulk-export', allow('export.create'), async (request, response) => {
    const body = parseRequest(bulkExportRequestSchema, request.body);
    const key = parseRequest(idempotencyKeySchema, request.get('idempotency-key'));
    const { apiKey, scope } = callerOf(response);
    const idempotency = key === undefined ? undefined : { clientId: apiKey.id, key };
    const { provider } = request.params;
    const { record, isRepeated } = await bulkExports.start({ provider, body, scope, idempotency });
    noteTarget(response, { connectionId: record.connectionId, jobId: record.id });
    noteChange(response, !isRepeated);
    if (isRepeated) response.set('Idempotency-Replayed', 'true');
    response.status(202).json({ success: true, data: toStartedView(record) });
  });

  router.get('/:provider/bulk-export', allow('export.list'), async (request, response) => {
    const query = parseRequest(bulkExportQuerySchema, request.query);
    const { scope } = callerOf(response);
    const { exports, next } = await bulkExports.list({ provider: request.params.provider, scope, query });
    const data = exports.map((record) => toStatusView({ record, ...viewFor(response) }));
    response.json({ success: true, data, ...(next === undefined ? {} : { next }) });
  });

  router.get('/:provider/bulk-export/:jobId', allow('export.read'), async (request, response) => {
    const { signedUrls: withSignedUrls } = parseRequest(exportStatusQuerySchema, request.query);
    const which = whichExport(request, response);
    const { record, issues } = await bulkExports.get(which);
    const files = record.phase === 'completed' ? await bulkExports.listFiles(which) : [];
    noteTarget(response, { connectionId: record.connectionId });
    auditNotes(response).isShown = files.length > 0;
    response.json({
      success: true,
      data: toStatusView({ record, files, issues, ...viewFor(response), withSignedUrls }),
    });
  });

  router.delete('/:provider/bulk-export/:jobId', allow('export.cancel'), async (request, response) => {
    const { record, isChanged } = await bulkExports.cancel(whichExport(request, response));
    noteTarget(response, { connectionId: record.connectionId });
    noteChange(response, isChanged);
    response.json({ success: true, data: toStatusView({ record, ...viewFor(response) }) });
  });

  router.post('/:provider/bulk-export/:jobId/retry', allow('export.retry'), async (request, response) => {
    const { record, isChanged } = await bulkExports.retry(whichExport(request, response));
    noteTarget(response, { connectionId: record.connectionId });
    noteChange(response, isChanged);
    response.status(202).json({ success: true, data: toStatusView({ record, ...viewFor(response) }) });
  });

  router.get('/:provider/bulk-export/:jobId/files', allow('export.read'), async (request, response) => {
    const { signedUrls: withSignedUrls } = parseRequest(exportStatusQuerySchema, request.query);
    const which = whichExport(request, response);
    const { record } = await bulkExports.get(which);
    const files = await bulkExports.listFiles(which);
    noteTarget(response, { connectionId: record.connectionId });
    auditNotes(response).isShown = files.length > 0;
    const reader = { ...viewFor(response), withSignedUrls };
    response.json({ success: true, data: files.map((file) => toFileView(file, reader)) });
  });

  return router;
}

function whichExport(request: Request<{ provider: string; jobId: string }>, response: Response) {
  const { provider, jobId: id } = request.params;
  return { provider, id, scope: callerOf(response).scope };
}
