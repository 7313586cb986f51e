import {
  type BulkExportService,
  bulkExportRequestSchema,
  toFileView,
  toStartedView,
  toStatusView,
} from '@bulkhead/service';
import { Router } from 'express';
import { z } from 'zod';
import { callerOf } from '../middleware/caller-of.ts';
import { parseRequest } from '../middleware/parse-request.ts';

/** As https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header has it; a UUID is what clients send. */
const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, 'Idempotency-Key: 1-200 visible ASCII characters without a space')
  .optional();

/** The guide's endpoints 1 and 2, the ledger, cancel and retry. */
export function bulkExportRoutes({ bulkExports }: { readonly bulkExports: BulkExportService }): Router {
  const router = Router();

  router.post('/:provider/bulk-export', async (request, response) => {
    const body = parseRequest(bulkExportRequestSchema, request.body);
    const key = parseRequest(idempotencyKeySchema, request.get('idempotency-key'));
    const idempotency = key === undefined ? undefined : { clientId: callerOf(response).apiKey.id, key };
    const { provider } = request.params;
    const { record, isRepeated } = await bulkExports.start({ provider, body, idempotency });
    if (isRepeated) response.set('Idempotency-Replayed', 'true');
    response.status(202).json({ success: true, data: toStartedView(record) });
  });

  router.get('/:provider/bulk-export/:jobId', async (request, response) => {
    const which = { provider: request.params.provider, id: request.params.jobId };
    const { record, issues } = await bulkExports.get(which);
    const files = record.phase === 'completed' ? await bulkExports.listFiles(which) : [];
    response.json({ success: true, data: toStatusView({ record, files, issues }) });
  });

  router.delete('/:provider/bulk-export/:jobId', async (request, response) => {
    const record = await bulkExports.cancel({ provider: request.params.provider, id: request.params.jobId });
    response.json({ success: true, data: toStatusView({ record, files: [], issues: [] }) });
  });

  router.post('/:provider/bulk-export/:jobId/retry', async (request, response) => {
    const record = await bulkExports.retry({ provider: request.params.provider, id: request.params.jobId });
    response.status(202).json({ success: true, data: toStatusView({ record, files: [], issues: [] }) });
  });

  router.get('/:provider/bulk-export/:jobId/files', async (request, response) => {
    const files = await bulkExports.listFiles({ provider: request.params.provider, id: request.params.jobId });
    response.json({ success: true, data: files.map(toFileView) });
  });

  return router;
}
