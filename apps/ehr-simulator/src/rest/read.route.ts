import { Router } from 'express';
import { endpoint, type HandleInput } from '../endpoint.ts';
import { OutcomeError } from '../http/outcome.ts';
import type { Reply } from '../http/reply.ts';
import { sampleDocuments } from '../practice/sample-documents.ts';
import type { Simulator } from '../simulator.ts';
import { isInRest } from './search-parameters.ts';

/** `GET /fhir/r4/:type/:id`, and `Binary/:id`, the target of attachments. */
export function readRoute(simulator: Simulator): Router {
  const router = Router();
  router.get('/fhir/r4/Binary/:id', endpoint({ simulator, auth: 'token', handle: binary }));
  router.get('/fhir/r4/:type/:id', endpoint({ simulator, auth: 'token', handle: read }));
  return router;
}

async function read({ simulator, req }: HandleInput): Promise<Reply> {
  const { practice } = simulator;
  const type = String(req.params.type);
  const id = String(req.params.id);
  if (!isInRest(simulator, type)) {
    throw new OutcomeError({ status: 404, code: 'not-supported', text: `${type} cannot be read.` });
  }
  const resource = await practice.read({ type, id });
  if (resource) {
    const headers = {
      'content-type': 'application/fhir+json',
      etag: `W/"${resource.versionId}"`,
      'last-modified': new Date(resource.lastUpdatedMs).toUTCString(),
    };
    return { status: 200, headers, body: Buffer.from(resource.text) };
  }
  if (practice.isDeleted({ type, id })) {
    throw new OutcomeError({ status: 410, code: 'deleted', text: `${type}/${id} was deleted.` });
  }
  throw new OutcomeError({ status: 404, code: 'not-found', text: `${type}/${id} is not known.` });
}

/** The id names the document: `a-195900.pdf-17-1`. */
function binary({ req }: HandleInput): Reply {
  const id = String(req.params.id);
  const name = /^a-\d+\.(pdf|png)-/.exec(id)?.[1];
  if (name !== 'pdf' && name !== 'png') {
    throw new OutcomeError({ status: 404, code: 'not-found', text: `Binary/${id} is not known.` });
  }
  const { contentType, bytes } = sampleDocuments[name];
  // FHIR R4, 2.44.2: only a client that asks for FHIR's own format gets the resource itself.
  if (!req.get('accept')?.includes('fhir+json'))
    return { status: 200, headers: { 'content-type': contentType }, body: bytes };
  const document = { resourceType: 'Binary', id, contentType, data: bytes.toString('base64') };
  return { status: 200, headers: { 'content-type': 'application/fhir+json' }, document };
}
