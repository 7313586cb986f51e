import { type Action, actionsWithoutEndpoint } from '../http/actions.ts';
import { checkEndpoints, type Endpoint } from '../http/define-endpoint.ts';
import { accessEndpoints } from './access/access.endpoints.ts';
import { signingKeyEndpoints } from './access/signing-key.endpoints.ts';
import { bulkExportEndpoints } from './bulk-export/bulk-export.endpoints.ts';
import { cohortEndpoints } from './cohorts/cohort.endpoints.ts';
import { authorizationEndpoints } from './connections/authorization/authorization.endpoints.ts';
import { connectionEndpoints } from './connections/connection.endpoints.ts';
import { documentEndpoints } from './documents/document.endpoints.ts';
import { erasureEndpoints } from './erasure/erasure.endpoints.ts';
import { fhirEndpoints } from './fhir/fhir.endpoints.ts';
import { monitoringEndpoints, processEndpoints } from './monitoring/monitoring.endpoints.ts';
import { quarantineEndpoints } from './quarantine/quarantine.endpoints.ts';
import { resourceEndpoints } from './resources/resource.endpoints.ts';
import { scheduleEndpoints } from './schedules/schedule.endpoints.ts';
import { syncEndpoints } from './sync/sync.endpoints.ts';
import { tableEndpoints } from './tables/table.endpoints.ts';

/** Every endpoint of the API, in the order of the OpenAPI document. */
export const endpointGroups = [
  bulkExportEndpoints,
  syncEndpoints,
  connectionEndpoints,
  authorizationEndpoints,
  erasureEndpoints,
  cohortEndpoints,
  scheduleEndpoints,
  resourceEndpoints,
  tableEndpoints,
  fhirEndpoints,
  documentEndpoints,
  quarantineEndpoints,
  accessEndpoints,
  signingKeyEndpoints,
  monitoringEndpoints,
  processEndpoints,
] as const;

type AnyEndpoint = (typeof endpointGroups)[number]['endpoints'][number];

/** Ids of the endpoints below `/api/ehr` that need an API key. */
export type KeyedEndpointId = Exclude<Extract<AnyEndpoint, { action: Action }>['id'], 'getMetrics'>;

export const endpoints: readonly Endpoint[] = checkEndpoints(
  endpointGroups.flatMap((group): readonly Endpoint[] => group.endpoints),
);

/** The names of all actions that the audit log can have. */
export const auditActions: ReadonlySet<string> = new Set([
  ...actionsWithoutEndpoint,
  ...endpoints.flatMap(({ action }) => action?.name ?? []),
]);
