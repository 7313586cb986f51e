import type { AppError, BulkExportPhase } from '@bulkhead/domain';
import type { FailureHandlers, JobPayload } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { failExport, toExportError } from '../use-cases/fail-export.ts';
import { failDocument } from '../use-cases/fetch-document.ts';
import { failSync } from '../use-cases/finalize-sync.ts';
import { failSyncStep } from '../use-cases/run-sync-step.ts';

/** How the record of each job ends if the job is given up. */
export function createFailureHandlers(deps: UseCaseDeps): FailureHandlers {
  const { store, now } = deps;
  /** A job that outlived its phase has nothing to end. */
  const endExport =
    (...phases: readonly BulkExportPhase[]) =>
    async ({ exportId }: JobPayload<'export.poll'>, error: AppError) => {
      const record = await store.bulkExports.find(exportId);
      if (record && phases.includes(record.phase)) await failExport(deps, { exportId, error: toExportError(error) });
    };
  const endSync = ({ syncRunId }: JobPayload<'sync.plan'>, error: AppError) =>
    failSync(deps, { syncRunId, error: toExportError(error) });
  const endAuthorization = ({ authorizationId: id }: JobPayload<'authorization.redeem'>, { code, message }: AppError) =>
    store.authorizationRequests.end({ id, error: { code, message } });
  return {
    'export.kick-off': endExport('queued', 'kicking-off'),
    'export.poll': endExport('exporting'),
    'export.finalize': endExport('downloading', 'finalizing'),
    'file.download': ({ fileId: id }, error) => store.outputFiles.fail({ id, error: toExportError(error), now: now() }),
    'sync.plan': endSync,
    'sync.finalize': endSync,
    'sync.step': ({ stepId }, error) => failSyncStep(deps, { stepId, error: toExportError(error) }),
    'document.fetch': ({ documentId }, error) => failDocument(deps, { documentId, error }),
    'webhook.deliver': async ({ deliveryId: id }, { message }) => {
      if ((await store.webhookDeliveries.find(id))?.state === 'pending')
        await store.webhookDeliveries.noteAttempt({ id, attempt: { at: now(), error: message }, state: 'failed' });
    },
    'authorization.prepare': endAuthorization,
    'authorization.redeem': endAuthorization,
    'quarantine.replay': async ({ quarantineId: id }, { code }) => {
      if ((await store.quarantine.find(id))?.state === 'open')
        await store.quarantine.noteReplay({ id, reason: code, now: now() });
    },
  };
}
