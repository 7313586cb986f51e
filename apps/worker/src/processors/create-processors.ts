import type { Processors } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { createDeliverWebhookProcessor } from './deliver-webhook.processor.ts';
import { createDiscardExportProcessor } from './discard-export.processor.ts';
import { createDownloadFileProcessor } from './download-file.processor.ts';
import { createEraseProcessor } from './erase.processor.ts';
import { createFetchDocumentProcessor } from './fetch-document.processor.ts';
import { createFinalizeExportProcessor } from './finalize-export.processor.ts';
import { createFinalizeSyncProcessor } from './finalize-sync.processor.ts';
import { createKickOffProcessor } from './kick-off.processor.ts';
import { createNotifyClientsProcessor } from './notify-clients.processor.ts';
import { createPlanSyncProcessor } from './plan-sync.processor.ts';
import { createPollExportProcessor } from './poll-export.processor.ts';
import { createPrepareAuthorizationProcessor } from './prepare-authorization.processor.ts';
import { createReadCapabilitiesProcessor } from './read-capabilities.processor.ts';
import { createRedeemAuthorizationProcessor } from './redeem-authorization.processor.ts';
import { createReplayLineProcessor } from './replay-line.processor.ts';
import { createResumeExportProcessor } from './resume-export.processor.ts';
import { createResumeSyncProcessor } from './resume-sync.processor.ts';
import { createRetainProcessor } from './retain.processor.ts';
import { createRevokeConnectionProcessor } from './revoke-connection.processor.ts';
import { createRunScheduleProcessor } from './run-schedule.processor.ts';
import { createRunSyncStepProcessor } from './run-sync-step.processor.ts';
import { createSweepProcessor } from './sweep.processor.ts';
import { createTestConnectionProcessor } from './test-connection.processor.ts';

/** One processor per job of the catalog; a missing one does not compile. */
export function createProcessors(deps: UseCaseDeps): Processors {
  return {
    'export.kick-off': createKickOffProcessor(deps),
    'export.poll': createPollExportProcessor(deps),
    'export.finalize': createFinalizeExportProcessor(deps),
    'export.discard': createDiscardExportProcessor(deps),
    'export.resume': createResumeExportProcessor(deps),
    'file.download': createDownloadFileProcessor(deps),
    'sync.plan': createPlanSyncProcessor(deps),
    'sync.resume': createResumeSyncProcessor(deps),
    'sync.step': createRunSyncStepProcessor(deps),
    'sync.finalize': createFinalizeSyncProcessor(deps),
    'webhook.notify': createNotifyClientsProcessor(deps),
    'webhook.deliver': createDeliverWebhookProcessor(deps),
    'quarantine.replay': createReplayLineProcessor(deps),
    'document.fetch': createFetchDocumentProcessor(deps),
    'connection.read-capabilities': createReadCapabilitiesProcessor(deps),
    'connection.test': createTestConnectionProcessor(deps),
    'connection.revoke': createRevokeConnectionProcessor(deps),
    'authorization.prepare': createPrepareAuthorizationProcessor(deps),
    'authorization.redeem': createRedeemAuthorizationProcessor(deps),
    'schedule.run': createRunScheduleProcessor(deps),
    'maintenance.sweep': createSweepProcessor(deps),
    'maintenance.erase': createEraseProcessor(deps),
    'maintenance.retain': createRetainProcessor(deps),
  };
}
