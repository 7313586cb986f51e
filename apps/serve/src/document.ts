import { type ApiDocument, createApiDocument } from '@bulkhead/http';
import { type RequestHandler, Router } from 'express';
import { endpointGroups } from './endpoints/endpoints.ts';

/** Describes what `serve` answers. The API joins it with its own document. */
export function createServedDocument(): ApiDocument {
  return createApiDocument({ groups: endpointGroups });
}

/** The API reads it for `/openapi.json` and `/docs`. */
export function documentRoute(): RequestHandler {
  let document: ApiDocument | undefined;
  return Router().get('/openapi.json', (_request, response) => {
    document ??= createServedDocument();
    response.json(document);
  });
}
