import {
  type Action,
  actionNames,
  actionsWithoutEndpoint,
  checkEndpoints,
  type Endpoint,
  processEndpoints,
  servedActions,
} from '@bulkhead/http';
import { accessEndpoints } from './access/access.endpoints.ts';
import { tokenEndpoints } from './access/issue-token.endpoint.ts';
import { signingKeyEndpoints } from './access/signing-key.endpoints.ts';
import { bulkExportEndpoints } from './bulk-export/bulk-export.endpoints.ts';
import { cohortEndpoints } from './cohorts/cohort.endpoints.ts';
import { authorizationEndpoints } from './connections/authorization/authorization.endpoints.ts';
import { connectionEndpoints } from './connections/connection.endpoints.ts';
import { documentEndpoints } from './documents/document.endpoints.ts';
import { erasureEndpoints } from './erasure/erasure.endpoints.ts';
import { monitoringEndpoints } from './monitoring/monitoring.endpoints.ts';
import { quarantineEndpoints } from './quarantine/quarantine.endpoints.ts';
import { scheduleEndpoints } from './schedules/schedule.endpoints.ts';
import { syncEndpoints } from './sync/sync.endpoints.ts';

/** Every endpoint of the API, in the order of the OpenAPI document. */
export const endpointGroups = [
  bulkExportEndpoints,
  syncEndpoints,
  connectionEndpoints,
  authorizationEndpoints,
  erasureEndpoints,
  cohortEndpoints,
  scheduleEndpoints,
  tokenEndpoints,
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
  ...actionNames(endpoints),
  ...servedActions.map(({ name }) => name),
]);
