import * as audit from '@bulkhead/access/audit/jobs';
import * as connections from '@bulkhead/connections/jobs';
import * as documents from '@bulkhead/documents/jobs';
import * as erasure from '@bulkhead/erasure/jobs';
import * as exports from '@bulkhead/imports/export/jobs';
import * as schedules from '@bulkhead/imports/schedules/jobs';
import * as syncs from '@bulkhead/imports/sync/jobs';
import * as monitoring from '@bulkhead/monitoring/jobs';
import type { AnyJob } from '@bulkhead/queues';
import * as quarantine from '@bulkhead/records/quarantine/jobs';
import * as webhooks from '@bulkhead/webhooks/jobs';
import type { WorkerDeps } from './deps.ts';

/** All jobs. */
export const jobs: readonly AnyJob<WorkerDeps>[] = [
  audit,
  connections,
  documents,
  erasure,
  exports,
  schedules,
  syncs,
  monitoring,
  quarantine,
  webhooks,
].flatMap((ofFeature) => Object.values<AnyJob<WorkerDeps>>(ofFeature));
