import type { Handlers } from '@bulkhead/queues';
import { deliverWebhook, failDelivery } from './use-cases/deliver-webhook.ts';
import type { UseCaseDeps } from './use-cases/deps.ts';
import { discardExport } from './use-cases/discard-export.ts';
import { downloadFileAndFinish, failFile } from './use-cases/download-file.ts';
import { failExportIn } from './use-cases/fail-export.ts';
import { failDocument, fetchDocument } from './use-cases/fetch-document.ts';
import { finalizeExport } from './use-cases/finalize-export.ts';
import { failGivenUpSync, finalizeSync } from './use-cases/finalize-sync.ts';
import { kickOffAndNoteRetry } from './use-cases/kick-off-export.ts';
import { notifyClients } from './use-cases/notify-clients.ts';
import { planSyncInTime } from './use-cases/plan-sync.ts';
import { pollExport } from './use-cases/poll-export.ts';
import { failAuthorization, prepareAuthorization } from './use-cases/prepare-authorization.ts';
import { redeemAuthorization } from './use-cases/redeem-authorization.ts';
import { readConnectionCapabilities } from './use-cases/refresh-capabilities.ts';
import { noteFailedReplay, replayLine } from './use-cases/replay-line.ts';
import { retain } from './use-cases/retain.ts';
import { resumeExport } from './use-cases/revive-export.ts';
import { resumeSync } from './use-cases/revive-sync.ts';
import { revokeConnection } from './use-cases/revoke-connection.ts';
import { runErasure } from './use-cases/run-erasure.ts';
import { runSchedule } from './use-cases/run-schedule.ts';
import { failSyncStep, runSyncStepAndFinish } from './use-cases/run-sync-step.ts';
import { sweep } from './use-cases/sweep.ts';
import { testConnectionAndSave } from './use-cases/test-connection.ts';

/** What each job does, and how its record ends if the job is given up. A missing job does not compile. */
export const handlers: Handlers<UseCaseDeps> = {
  'export.kick-off': { run: kickOffAndNoteRetry, onFinalFailure: failExportIn('queued', 'kicking-off') },
  'export.poll': { run: pollExport, onFinalFailure: failExportIn('exporting') },
  'export.finalize': { run: finalizeExport, onFinalFailure: failExportIn('downloading', 'finalizing') },
  'export.discard': { run: discardExport },
  'export.resume': { run: resumeExport },
  'file.download': { run: downloadFileAndFinish, onFinalFailure: failFile },
  'sync.plan': { run: planSyncInTime, onFinalFailure: failGivenUpSync },
  'sync.step': { run: runSyncStepAndFinish, onFinalFailure: failSyncStep },
  'sync.finalize': { run: finalizeSync, onFinalFailure: failGivenUpSync },
  'sync.resume': { run: resumeSync },
  'webhook.notify': { run: notifyClients },
  'webhook.deliver': { run: deliverWebhook, onFinalFailure: failDelivery },
  'quarantine.replay': { run: replayLine, onFinalFailure: noteFailedReplay },
  'document.fetch': { run: fetchDocument, onFinalFailure: failDocument },
  'connection.read-capabilities': { run: readConnectionCapabilities },
  'connection.test': { run: testConnectionAndSave },
  'connection.revoke': { run: revokeConnection },
  'authorization.prepare': { run: prepareAuthorization, onFinalFailure: failAuthorization },
  'authorization.redeem': { run: redeemAuthorization, onFinalFailure: failAuthorization },
  'schedule.run': { run: runSchedule },
  'maintenance.sweep': { run: sweep },
  'maintenance.erase': { run: runErasure },
  'maintenance.retain': { run: retain },
};
