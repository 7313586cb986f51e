import { type Request, Router } from 'express';
import { endpoint } from '../http/endpoint.ts';
import { OutcomeError } from '../http/outcome.ts';
import type { Reply } from '../http/reply.ts';
import { isInRest } from '../search/is-in-rest.ts';
import type { Simulator } from '../simulator.ts';

/** `GET /fhir/r4/:type/:id`. */
export function readRoute(simulator: Simulator): Router {
  const router = Router();
  router.get('/fhir/r4/:type/:id', endpoint({ simulator, auth: 'token', handle: (req) => read({ simulator, req }) }));
  return router;
}

async function read({ simulator, req }: { readonly simulator: Simulator; readonly req: Request }): Promise<Reply> {
  const { practice } = simulator;
  const type = String(req.params.type);
  const id = String(req.params.id);
  if (!isInRest({ simulator, type })) {
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
