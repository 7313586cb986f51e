import type { Endpoint } from '../http/define-endpoint.ts';
import { bulkExportEndpoints } from './bulk-export/bulk-export.endpoints.ts';
import { connectionEndpoints } from './connections/connection.endpoints.ts';
import { documentEndpoints } from './documents/document.endpoints.ts';
import { quarantineEndpoints } from './quarantine/quarantine.endpoints.ts';
import { resourceEndpoints } from './resources/resource.endpoints.ts';
import { scheduleEndpoints } from './schedules/schedule.endpoints.ts';
import { syncEndpoints } from './sync/sync.endpoints.ts';

/** Every endpoint of the API, in the order of the OpenAPI document. */
export const endpointGroups = [
  bulkExportEndpoints,
  syncEndpoints,
  scheduleEndpoints,
  connectionEndpoints,
  resourceEndpoints,
  documentEndpoints,
  quarantineEndpoints,
] as const;

export const endpoints: readonly Endpoint[] = endpointGroups.flatMap((group): readonly Endpoint[] => group.endpoints);
