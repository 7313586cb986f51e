import { type Request, Router } from 'express';
import { endpoint } from '../http/endpoint.ts';
import { OutcomeError } from '../http/outcome.ts';
import type { Reply } from '../http/reply.ts';
import { sampleDocuments } from '../practice/sample-documents.ts';
import type { Simulator } from '../simulator.ts';

/** `Binary/:id`: what attachments point to. The id names the document: `a-195900.pdf-17-1`. */
export function binaryRoute(simulator: Simulator): Router {
  const router = Router();
  router.get('/fhir/r4/Binary/:id', endpoint({ simulator, auth: 'token', handle: binary }));
  return router;
}

function binary(req: Request): Reply {
  const id = String(req.params.id);
  const name = /^a-\d+\.(pdf|png)-/.exec(id)?.[1];
  if (name !== 'pdf' && name !== 'png') {
    throw new OutcomeError({ status: 404, code: 'not-found', text: `Binary/${id} is not known.` });
  }
  const { contentType, bytes } = sampleDocuments[name];
  // FHIR R4, 2.44.2: the resource itself only for who asks for FHIR's own format.
  if (!req.get('accept')?.includes('fhir+json'))
    return { status: 200, headers: { 'content-type': contentType }, body: bytes };
  const document = { resourceType: 'Binary', id, contentType, data: bytes.toString('base64') };
  return { status: 200, headers: { 'content-type': 'application/fhir+json' }, document };
}
