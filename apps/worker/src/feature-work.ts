import { exportWork } from '@bulkhead/bulk-export/steps';
import { connectionWork } from '@bulkhead/connections/steps';
import { documentWork } from '@bulkhead/documents/steps';
import { erasureWork } from '@bulkhead/erasure/steps';
import { scheduleWork } from '@bulkhead/schedules/steps';
import { syncWork } from '@bulkhead/sync/steps';
import { webhookWork } from '@bulkhead/webhooks/steps';
import type { WorkerDeps } from './deps.ts';

/** Adds the parts of all features to the dependencies of their steps. In an erasure the connection is hidden before its work is stopped. */
export function withFeatureWork(deps: Omit<WorkerDeps, 'work'>): WorkerDeps {
  const parts = [connectionWork, scheduleWork, exportWork, syncWork, documentWork, webhookWork, erasureWork];
  return { ...deps, work: parts.map((part) => part(deps)) };
}
