import { keepAuditHeadJob } from '@bulkhead/access/audit/jobs';
import {
  prepareAuthorizationJob,
  readCapabilitiesJob,
  redeemAuthorizationJob,
  revokeJob,
  testConnectionJob,
  testDraftJob,
} from '@bulkhead/connections/jobs';
import { fetchDocumentJob } from '@bulkhead/documents/jobs';
import { eraseJob, retainJob } from '@bulkhead/erasure/jobs';
import { discardJob, downloadJob, finalizeJob, kickOffJob, pollJob, resumeJob } from '@bulkhead/imports/export/jobs';
import { runScheduleJob } from '@bulkhead/imports/schedules/jobs';
import { finalizeSyncJob, planSyncJob, resumeSyncJob, syncStepJob } from '@bulkhead/imports/sync/jobs';
import { sampleHistoryJob, sweepJob } from '@bulkhead/monitoring/jobs';
import type { AnyJob } from '@bulkhead/queues';
import { replayJob } from '@bulkhead/records/quarantine/jobs';
import { deliverJob, notifyJob } from '@bulkhead/webhooks/jobs';
import type { WorkerDeps } from './deps.ts';

/** All jobs. */
export const jobs: readonly AnyJob<WorkerDeps>[] = [
  kickOffJob,
  pollJob,
  finalizeJob,
  discardJob,
  resumeJob,
  downloadJob,
  planSyncJob,
  syncStepJob,
  finalizeSyncJob,
  resumeSyncJob,
  notifyJob,
  deliverJob,
  replayJob,
  fetchDocumentJob,
  readCapabilitiesJob,
  testConnectionJob,
  testDraftJob,
  revokeJob,
  prepareAuthorizationJob,
  redeemAuthorizationJob,
  runScheduleJob,
  sweepJob,
  eraseJob,
  sampleHistoryJob,
  keepAuditHeadJob,
  retainJob,
];
