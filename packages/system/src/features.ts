import { accessFeature } from '@bulkhead/access';
import { auditFeature } from '@bulkhead/access/audit';
import { idempotencyFeature } from '@bulkhead/access/idempotency';
import { connectionFeature } from '@bulkhead/connections';
import { documentFeature } from '@bulkhead/documents';
import { erasureFeature } from '@bulkhead/erasure';
import { exportFeature } from '@bulkhead/imports/export';
import { scheduleFeature } from '@bulkhead/imports/schedules';
import { syncFeature } from '@bulkhead/imports/sync';
import { monitoringFeature } from '@bulkhead/monitoring';
import { resourceFeature } from '@bulkhead/records';
import { quarantineFeature } from '@bulkhead/records/quarantine';
import { servedExportFeature } from '@bulkhead/serving/bulk';
import { webhookFeature } from '@bulkhead/webhooks';

/** All features. `createStore` opens them. */
export const features = {
  access: accessFeature,
  audit: auditFeature,
  idempotency: idempotencyFeature,
  connections: connectionFeature,
  documents: documentFeature,
  erasure: erasureFeature,
  exports: exportFeature,
  syncs: syncFeature,
  schedules: scheduleFeature,
  monitoring: monitoringFeature,
  resources: resourceFeature,
  quarantine: quarantineFeature,
  servedExports: servedExportFeature,
  webhooks: webhookFeature,
} as const;
