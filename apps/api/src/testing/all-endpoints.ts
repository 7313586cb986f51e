import { type ApiDocument, type Endpoint, endpointIndex } from '@bulkhead/http';
import { createServedDocument, type ServedEndpointId, endpoints as servedEndpoints } from '@bulkhead/serve';
import { type KeyedEndpointId as OwnEndpointId, endpoints as ownEndpoints } from '../endpoints/endpoints.ts';
import { createOwnDocument, joinDocuments } from '../openapi/api-document.ts';

// What is behind the one address: the endpoints of the API and of `serve`.

export type KeyedEndpointId = OwnEndpointId | ServedEndpointId;

const ownIds = new Set(ownEndpoints.map(({ id }) => id));

export const endpoints: readonly Endpoint[] = [...ownEndpoints, ...servedEndpoints.filter(({ id }) => !ownIds.has(id))];

export const endpointsAt = endpointIndex(endpoints);

export function createWholeDocument(): ApiDocument {
  return joinDocuments(createOwnDocument(), createServedDocument());
}
