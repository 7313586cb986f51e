import { pipeline } from 'node:stream/promises';
import { type QuarantineService, quarantineQuerySchema, replayBodySchema, toQuarantineView } from '@bulkhead/service';
import { json, Router, raw } from 'express';
import { parseRequest } from '../middleware/parse-request.ts';
import { requireOperator } from '../middleware/require-operator.ts';

/** A sealed correction is a third longer than its text and has to fit into a document of 16 MB. */
const maxCorrection = '10mb';

/**
 * The lines that were kept aside. Mounted before the API's own JSON parser: a corrected line has to come as the bytes it is,
 * or its numbers would lose their text.
 */
export function quarantineRoutes({ quarantine }: { readonly quarantine: QuarantineService }): Router {
  const router = Router();

  router.get('/quarantine', async (request, response) => {
    const { entries, next } = await quarantine.list(parseRequest(quarantineQuerySchema, request.query));
    response.json({ success: true, data: entries.map(toQuarantineView), ...(next === undefined ? {} : { next }) });
  });

  router.post('/quarantine/replay', requireOperator(), json({ type: () => true }), async (request, response) => {
    const count = await quarantine.replayAll(parseRequest(replayBodySchema, request.body));
    response.status(202).json({ success: true, data: { count } });
  });

  router.get('/quarantine/:id', async (request, response) => {
    response.json({ success: true, data: toQuarantineView(await quarantine.find(request.params.id)) });
  });

  router.get('/quarantine/:id/line', requireOperator(), async (request, response) => {
    const { bytes } = await quarantine.open(String(request.params.id));
    // Never shown by a browser: what is in it is neither checked nor ours.
    response.set({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="line.ndjson"',
    });
    await pipeline(bytes, response);
  });

  router.post(
    '/quarantine/:id/replay',
    requireOperator(),
    raw({ type: () => true, limit: maxCorrection }),
    async (request, response) => {
      const correction = Buffer.isBuffer(request.body) && request.body.length > 0 ? request.body : undefined;
      const entry = await quarantine.replay({ id: String(request.params.id), correction });
      response.json({ success: true, data: toQuarantineView(entry) });
    },
  );

  return router;
}
