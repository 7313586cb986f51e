import { keepAuditHeadJob } from '@bulkhead/audit/jobs';
import { discardJob, downloadJob, finalizeJob, kickOffJob, pollJob, resumeJob } from '@bulkhead/bulk-export/jobs';
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
import { sampleHistoryJob, sweepJob } from '@bulkhead/monitoring/jobs';
import { replayJob } from '@bulkhead/quarantine/jobs';
import type { AnyJob } from '@bulkhead/queues';
import { runScheduleJob } from '@bulkhead/schedules/jobs';
import { finalizeSyncJob, planSyncJob, resumeSyncJob, syncStepJob } from '@bulkhead/sync/jobs';
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
