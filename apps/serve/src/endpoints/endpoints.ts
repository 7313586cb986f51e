import { checkEndpoints, type Endpoint, processEndpoints } from '@bulkhead/http';
import { contentEndpoints } from './documents/read-document.endpoint.ts';
import { fhirEndpoints } from './fhir/fhir.endpoints.ts';
import { resourceEndpoints } from './resources/resource.endpoints.ts';
import { tableEndpoints } from './tables/table.endpoints.ts';

/** Every endpoint that answers with stored data, in the order of the OpenAPI document. */
export const endpointGroups = [resourceEndpoints, tableEndpoints, fhirEndpoints, contentEndpoints] as const;

export type ServedEndpointId = Exclude<
  (typeof endpointGroups)[number]['endpoints'][number]['id'],
  'readCapabilityStatement' | 'readSmartConfiguration'
>;

/** Those, and the ones that every program has. */
export const endpoints: readonly Endpoint[] = checkEndpoints(
  [...endpointGroups, processEndpoints].flatMap((group): readonly Endpoint[] => group.endpoints),
);
