import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isResourceId } from '@bulkhead/fhir';
import { type ResourceService, toSourceView } from '@bulkhead/service';
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { allow } from '../middleware/allow.ts';
import { notePatients } from '../middleware/audit-notes.ts';
import { appendFurther } from '../middleware/audit-trail.ts';
import { callerOf } from '../middleware/caller-of.ts';
import { parseRequest } from '../middleware/parse-request.ts';

export const resourceQuerySchema = z.strictObject({ connectionId: z.string().min(1).max(100) });

const bundle = 'application/fhir+json';
const ndjson = 'application/fhir+ndjson';

/** Stored resources, as the server sent them: searched by page, streamed by type, or read one by one. */
export function resourceRoutes({ resources }: { readonly resources: ResourceService }): Router {
  const router = Router();

  router.get('/:provider/resources/:type', allow('resource.search'), async (request, response) => {
    const { address, parameters, connectionId } = readAddress(request);
    const { provider, type: resourceType } = request.params;
    const signal = goneSignal(response);
    const { scope } = callerOf(response);
    const search = { provider, connectionId, resourceType, scope, parameters, signal };
    response.vary('Accept');
    try {
      // Listed first, a Bundle is what `*/*` gets.
      if (request.accepts([bundle, ndjson]) === ndjson) {
        const onFurther = (further: readonly string[]) => appendFurther(response, further);
        const { lines, patients } = await resources.stream({ ...search, onFurther });
        notePatients(response, patients);
        await sendLines(lines, response);
      } else {
        const { text, patients } = await resources.search({ ...search, address });
        notePatients(response, patients);
        response.set('content-type', bundle).send(Buffer.from(text));
      }
    } catch (error) {
      // Whoever asked is gone: there is nobody to tell.
      if (!signal.aborted) throw error;
    }
  });

  router.get('/:provider/resources/:type/:id', allow('resource.read'), async (request, response) => {
    const { connectionId } = parseRequest(resourceQuerySchema, request.query);
    const { provider, type, id } = request.params;
    notePatient(response, request.params);
    const { scope } = callerOf(response);
    const which = { provider, connectionId, resourceType: type, resourceId: id, scope };
    const { text, patients } = await resources.read(which);
    notePatients(response, patients);
    response.set('content-type', bundle).send(Buffer.from(text));
  });

  router.get('/:provider/resources/:type/:id/sources', allow('resource.read'), async (request, response) => {
    const { connectionId } = parseRequest(resourceQuerySchema, request.query);
    const { provider, type: resourceType, id: resourceId } = request.params;
    notePatient(response, request.params);
    const which = { provider, connectionId, resourceType, resourceId, scope: callerOf(response).scope };
    const { sources, patients } = await resources.sources(which);
    notePatients(response, patients);
    response.json({ success: true, data: sources.map(toSourceView) });
  });

  return router;
}

/** A patient who was asked for is found in the audit log, although there is nothing to show. */
function notePatient(response: Response, { type, id }: { readonly type: string; readonly id: string }): void {
  if (type === 'Patient' && isResourceId(id)) notePatients(response, [id]);
}

/** The address as it was asked for, and its search parameters. */
function readAddress(request: Request) {
  const origin = `${request.protocol}://${request.get('host')}`;
  // A client can send any Host; the links are for itself alone.
  const address = new URL(request.originalUrl, URL.canParse(origin) ? origin : 'http://localhost');
  const parameters = new URLSearchParams(address.search);
  const { connectionId } = parseRequest(resourceQuerySchema, {
    connectionId: single(parameters.getAll('connectionId')),
  });
  parameters.delete('connectionId');
  return { address, parameters, connectionId };
}

/** A list is no text: one that is given twice is a fault. */
function single(values: readonly string[]): unknown {
  return values.length > 1 ? values : values[0];
}

/** The first line before the headers: an error that comes until then gets an answer of its own. */
async function sendLines(lines: AsyncIterable<string>, response: Response): Promise<void> {
  const iterator = lines[Symbol.asyncIterator]();
  const first = await iterator.next();
  response.set('content-type', ndjson);
  // Node warns of a leak above 10 listeners. The middlewares and this pipeline together add 11, whatever is streamed.
  response.setMaxListeners(20);
  await pipeline(Readable.from(resume(first, { [Symbol.asyncIterator]: () => iterator })), response);
}

async function* resume(first: IteratorResult<string>, rest: AsyncIterable<string>): AsyncGenerator<string> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

/** Aborted where the client leaves before it has its answer, so that the database stops looking for it. */
function goneSignal(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}
