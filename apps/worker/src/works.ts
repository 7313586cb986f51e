import { auditWorks } from '@bulkhead/access/audit/steps';
import { connectionWorks } from '@bulkhead/connections/steps';
import { documentWorks } from '@bulkhead/documents/steps';
import { erasureWorks } from '@bulkhead/erasure/steps';
import { exportWorks } from '@bulkhead/imports/export/steps';
import { scheduleWorks } from '@bulkhead/imports/schedules/steps';
import { syncWorks } from '@bulkhead/imports/sync/steps';
import { monitoringWorks } from '@bulkhead/monitoring/steps';
import type { AnyWork } from '@bulkhead/queues';
import { quarantineWorks } from '@bulkhead/records/quarantine/steps';
import { webhookWorks } from '@bulkhead/webhooks/steps';
import type { WorkerDeps } from './deps.ts';

/** What a worker does. */
export const works: readonly AnyWork<WorkerDeps>[] = [
  ...auditWorks,
  ...connectionWorks,
  ...documentWorks,
  ...erasureWorks,
  ...exportWorks,
  ...scheduleWorks,
  ...syncWorks,
  ...monitoringWorks,
  ...quarantineWorks,
  ...webhookWorks,
];
