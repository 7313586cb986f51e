import { type ApiDocument, createApiDocument } from '@bulkhead/http';
import { endpointGroups } from './endpoints/endpoints.ts';

/** Describes what `serve` answers. The API joins it with its own document. */
export function createServedDocument(): ApiDocument {
  return createApiDocument({ groups: endpointGroups });
}
