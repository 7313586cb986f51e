import {
  type BulkExportService,
  bulkExportRequestSchema,
  toFileView,
  toStartedView,
  toStatusView,
} from '@bulkhead/service';
import { Router } from 'express';
import { parseRequest } from '../middleware/parse-request.ts';

/** The guide's endpoints 1 and 2, and the ledger. */
export function bulkExportRoutes({ bulkExports }: { readonly bulkExports: BulkExportService }): Router {
  const router = Router();

  router.post('/:provider/bulk-export', async (request, response) => {
    const body = parseRequest(bulkExportRequestSchema, request.body);
    const record = await bulkExports.start({ provider: request.params.provider, body });
    response.status(202).json({ success: true, data: toStartedView(record) });
  });

  router.get('/:provider/bulk-export/:jobId', async (request, response) => {
    const which = { provider: request.params.provider, id: request.params.jobId };
    const record = await bulkExports.get(which);
    const files = record.phase === 'completed' ? await bulkExports.listFiles(which) : [];
    response.json({ success: true, data: toStatusView({ record, files }) });
  });

  router.get('/:provider/bulk-export/:jobId/files', async (request, response) => {
    const files = await bulkExports.listFiles({ provider: request.params.provider, id: request.params.jobId });
    response.json({ success: true, data: files.map(toFileView) });
  });

  return router;
}
