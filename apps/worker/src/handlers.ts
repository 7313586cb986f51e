import {
  discardExport,
  downloadFileAndFinish,
  failExportIn,
  failFile,
  finalizeExport,
  kickOffAndNoteRetry,
  pollExport,
  resumeExport,
} from '@bulkhead/bulk-export/steps';
import {
  failAuthorization,
  prepareAuthorization,
  readConnectionCapabilities,
  redeemAuthorization,
  revokeConnection,
  testConnectionAndSave,
  testDraftAndSave,
} from '@bulkhead/connections/steps';
import { failDocument, fetchDocument } from '@bulkhead/documents/steps';
import { retain, runErasure } from '@bulkhead/erasure/steps';
import { sampleHistory } from '@bulkhead/monitoring/steps';
import type { Handlers } from '@bulkhead/queues';
import { runSchedule } from '@bulkhead/schedules/steps';
import { isStoreUnavailable } from '@bulkhead/store';
import {
  failGivenUpSync,
  failSyncStep,
  finalizeSync,
  planSyncInTime,
  resumeSync,
  runSyncStepAndFinish,
} from '@bulkhead/sync/steps';
import { deliverWebhook, failDelivery } from '@bulkhead/webhooks/steps';
import type { WorkerDeps } from './deps.ts';
import { keepAuditHead } from './keep-audit-head.ts';
import { notifyClients } from './notify-clients.ts';
import { noteFailedReplay, replayLine } from './replay-line.ts';
import { sweep } from './sweep.ts';

/** Maps each job to its step, and to what ends its record if the job is given up. A missing job does not compile. */
export const handlers: Handlers<WorkerDeps> = {
  'export.kick-off': { run: kickOffAndNoteRetry, onFinalFailure: unlessOutage(failExportIn('queued', 'kicking-off')) },
  'export.poll': { run: pollExport, onFinalFailure: unlessOutage(failExportIn('exporting')) },
  'export.finalize': { run: finalizeExport, onFinalFailure: unlessOutage(failExportIn('downloading', 'finalizing')) },
  'export.discard': { run: discardExport },
  'export.resume': { run: resumeExport },
  'file.download': { run: downloadFileAndFinish, onFinalFailure: unlessOutage(failFile) },
  'sync.plan': { run: planSyncInTime, onFinalFailure: unlessOutage(failGivenUpSync) },
  'sync.step': { run: runSyncStepAndFinish, onFinalFailure: unlessOutage(failSyncStep) },
  'sync.finalize': { run: finalizeSync, onFinalFailure: unlessOutage(failGivenUpSync) },
  'sync.resume': { run: resumeSync },
  'webhook.notify': { run: notifyClients },
  'webhook.deliver': { run: deliverWebhook, onFinalFailure: unlessOutage(failDelivery) },
  'quarantine.replay': { run: replayLine, onFinalFailure: unlessOutage(noteFailedReplay) },
  'document.fetch': { run: fetchDocument, onFinalFailure: unlessOutage(failDocument) },
  'connection.read-capabilities': { run: readConnectionCapabilities },
  'connection.test': { run: testConnectionAndSave },
  'connection.test-draft': { run: testDraftAndSave },
  'connection.revoke': { run: revokeConnection },
  'authorization.prepare': { run: prepareAuthorization, onFinalFailure: failAuthorization },
  'authorization.redeem': { run: redeemAuthorization, onFinalFailure: failAuthorization },
  'schedule.run': { run: runSchedule },
  'maintenance.sweep': { run: sweep },
  'maintenance.erase': { run: runErasure },
  'maintenance.sample-history': { run: sampleHistory },
  'maintenance.keep-audit-head': { run: keepAuditHead },
  'maintenance.retain': { run: retain },
};

/** If MongoDB was unavailable, the state of the record is unknown. Then it stays as it is, and the sweep creates its job again. */
function unlessOutage<Failed extends { readonly error: unknown }>(
  end: (deps: WorkerDeps, failed: Failed) => Promise<void>,
): (deps: WorkerDeps, failed: Failed) => Promise<void> {
  return async (deps, failed) => {
    if (!isStoreUnavailable(failed.error)) await end(deps, failed);
  };
}
