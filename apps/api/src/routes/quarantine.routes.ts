import { pipeline } from 'node:stream/promises';
import { anyPatient } from '@bulkhead/domain';
import { type QuarantineService, quarantineQuerySchema, replayBodySchema, toQuarantineView } from '@bulkhead/service';
import { json, Router, raw } from 'express';
import { allow } from '../middleware/allow.ts';
import { noteChange, notePatients, noteTarget } from '../middleware/audit-notes.ts';
import { callerOf } from '../middleware/caller-of.ts';
import { parseRequest } from '../middleware/parse-request.ts';

/** A sealed correction is a third longer than its text and has to fit into a document of 16 MB. */
const maxCorrection = '10mb';

/**
 * The lines that were kept aside. Mounted before the API's own JSON parser: a corrected line has to come as the bytes it is,
 * or its numbers would lose their text.
 */
export function quarantineRoutes({ quarantine }: { readonly quarantine: QuarantineService }): Router {
  const router = Router();

  router.get('/quarantine', allow('quarantine.list'), async (request, response) => {
    const query = parseRequest(quarantineQuerySchema, request.query);
    const { entries, next } = await quarantine.list({ query, scope: callerOf(response).scope });
    response.json({ success: true, data: entries.map(toQuarantineView), ...(next === undefined ? {} : { next }) });
  });

  router.post(
    '/quarantine/replay',
    allow('quarantine.replay'),
    json({ type: () => true }),
    async (request, response) => {
      const body = parseRequest(replayBodySchema, request.body);
      const count = await quarantine.replayAll({ body, scope: callerOf(response).scope });
      noteChange(response, count > 0);
      response.status(202).json({ success: true, data: { count } });
    },
  );

  router.get('/quarantine/:id', allow('quarantine.describe'), async (request, response) => {
    const entry = await quarantine.find({ id: request.params.id, scope: callerOf(response).scope });
    response.json({ success: true, data: toQuarantineView(entry) });
  });

  router.get('/quarantine/:id/line', allow('quarantine.read'), async (request, response) => {
    const { entry, bytes } = await quarantine.open({ id: request.params.id, scope: callerOf(response).scope });
    noteTarget(response, { connectionId: entry.connectionId });
    // What is no resource may be about any patient.
    notePatients(response, [anyPatient]);
    // Never shown by a browser: what is in it is neither checked nor ours.
    response.set({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="line.ndjson"',
    });
    await pipeline(bytes, response);
  });

  router.post(
    '/quarantine/:id/replay',
    allow('quarantine.replay'),
    raw({ type: () => true, limit: maxCorrection }),
    async (request, response) => {
      const correction = Buffer.isBuffer(request.body) && request.body.length > 0 ? request.body : undefined;
      const { scope } = callerOf(response);
      const { entry, isChanged } = await quarantine.replay({ id: request.params.id, scope, correction });
      noteTarget(response, { connectionId: entry.connectionId });
      noteChange(response, isChanged);
      response.json({ success: true, data: toQuarantineView(entry) });
    },
  );

  return router;
}
