import { endpointGroup } from '@bulkhead/http';
import { readCapabilityStatement, readSmartConfiguration } from './discovery.endpoints.ts';
import { exportEndpoints } from './export.endpoints.ts';
import {
  readFhirBinary,
  readFhirHistory,
  readFhirInstanceHistory,
  readFhirResource,
  readFhirTypeHistory,
  readFhirVersion,
  searchFhir,
  searchFhirByPost,
} from './read.endpoints.ts';
import { readFhirEverything, readFhirGroup, searchFhirGroups, searchFhirRecord } from './record.endpoints.ts';
import { viewRunEndpoints } from './view-run.endpoints.ts';

export const fhirEndpoints = endpointGroup({
  name: 'FHIR',
  description:
    'One FHIR base URL for each connection, for FHIR and Bulk Data clients. Errors are OperationOutcomes. See docs/how-to/serve-bulk-data.md.',
  endpoints: [
    readCapabilityStatement,
    readSmartConfiguration,
    readFhirResource,
    readFhirBinary,
    readFhirVersion,
    readFhirInstanceHistory,
    readFhirTypeHistory,
    readFhirHistory,
    searchFhir,
    searchFhirByPost,
    searchFhirRecord,
    readFhirEverything,
    readFhirGroup,
    searchFhirGroups,
    ...exportEndpoints,
    ...viewRunEndpoints,
  ],
});
