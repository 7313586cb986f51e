import { bulkExportEndpoints } from '../endpoints/bulk-export/bulk-export.endpoints.ts';
import { connectionEndpoints } from '../endpoints/connections/connection.endpoints.ts';
import { documentEndpoints } from '../endpoints/documents/document.endpoints.ts';
import { quarantineEndpoints } from '../endpoints/quarantine/quarantine.endpoints.ts';
import { resourceEndpoints } from '../endpoints/resources/resource.endpoints.ts';
import { scheduleEndpoints } from '../endpoints/schedules/schedule.endpoints.ts';
import { syncEndpoints } from '../endpoints/sync/sync.endpoints.ts';
import type { EndpointGroup } from '../http/endpoint-group.ts';
import type { OperationGroup } from './operation.ts';
import { accessOperations, signingKeyOperations } from './operations/access.operations.ts';
import { authorizationOperations } from './operations/authorization.operations.ts';
import { erasureOperations } from './operations/erasure.operations.ts';
import { monitoringOperations } from './operations/monitoring.operations.ts';
import { processOperations } from './operations/process.operations.ts';

/** Every route of the API, in the document's order. */
export const operationGroups: readonly OperationGroup[] = [
  toOperations(bulkExportEndpoints),
  toOperations(syncEndpoints),
  toOperations(connectionEndpoints),
  authorizationOperations,
  erasureOperations,
  toOperations(scheduleEndpoints),
  toOperations(resourceEndpoints),
  toOperations(documentEndpoints),
  toOperations(quarantineEndpoints),
  accessOperations,
  signingKeyOperations,
  monitoringOperations,
  processOperations,
];

function toOperations({ name, description, endpoints }: EndpointGroup): OperationGroup {
  const operations = endpoints.map(({ request, responses, access, errorPage, ...endpoint }) => {
    const query = (request.query ?? request.searchQuery) as OperationGroup['operations'][number]['query'];
    return {
      ...endpoint,
      ...(access === 'client' ? {} : { access }),
      ...(errorPage ? { isPage: true } : {}),
      ...(query ? { query } : {}),
      ...(request.headers ? { headers: request.headers } : {}),
      ...(request.body ? { body: request.body } : {}),
      answers: responses,
    };
  });
  return { name, description, operations };
}
