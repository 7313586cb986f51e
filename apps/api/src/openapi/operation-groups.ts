import type { OperationGroup } from './operation.ts';
import { accessOperations, signingKeyOperations } from './operations/access.operations.ts';
import { authorizationOperations } from './operations/authorization.operations.ts';
import { bulkExportOperations } from './operations/bulk-export.operations.ts';
import { connectionOperations } from './operations/connection.operations.ts';
import { erasureOperations } from './operations/erasure.operations.ts';
import { monitoringOperations } from './operations/monitoring.operations.ts';
import { processOperations } from './operations/process.operations.ts';
import { documentOperations, quarantineOperations, resourceOperations } from './operations/record.operations.ts';
import { scheduleOperations } from './operations/schedule.operations.ts';
import { syncOperations } from './operations/sync.operations.ts';

/** Every route of the API, in the document's order. */
export const operationGroups: readonly OperationGroup[] = [
  bulkExportOperations,
  syncOperations,
  connectionOperations,
  authorizationOperations,
  erasureOperations,
  scheduleOperations,
  resourceOperations,
  documentOperations,
  quarantineOperations,
  accessOperations,
  signingKeyOperations,
  monitoringOperations,
  processOperations,
];
