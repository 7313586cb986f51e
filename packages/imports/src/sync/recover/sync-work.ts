import { work } from '@bulkhead/queues';
import { type FeatureWork, leavesNothingAtEhr } from '@bulkhead/store';
import { notifyJob } from '@bulkhead/webhooks/jobs';
import { ignoreIfEnded, recordGone } from '../../runs/index.ts';
import { cancelSync } from '../cancel-sync.ts';
import { finalizeSyncJob, nextRound, planSyncJob, resumeSyncJob, syncStepJob } from '../jobs.ts';
import type { SyncDeps } from '../sync-deps.ts';
import { needsReferences, type SyncRun } from '../sync-run.record.ts';

export function syncWork(deps: SyncDeps<'quarantine' | 'syncRuns' | 'syncSteps'>): FeatureWork {
  const { store, producer, logger } = deps;
  return {
    leaveEhr: leavesNothingAtEhr,

    async stop(connectionId) {
      for (const { id } of await store.syncRuns.listActiveOf(connectionId)) {
        const find = async () => (await store.syncRuns.find(id)) ?? recordGone();
        await cancelSync({ store, producer, find }).catch(ignoreIfEnded);
      }
    },

    async isBusyWith({ connectionId, patientId }) {
      if (await store.syncSteps.hasUnsettledOf({ connectionId, patientId })) return true;
      const active = await store.syncRuns.listActiveOf(connectionId);
      return active.some(({ request }) => request.patients.includes(patientId));
    },

    async recountWithheld(connectionId) {
      for (const line of await store.quarantine.listWithheld(connectionId)) {
        const { source, fileId, stepId = '', resourceType = '' } = line;
        if (source !== 'sync') continue;
        const rejected = await store.quarantine.countOpen(fileId);
        const withheld = await store.quarantine.countWithheld(fileId);
        await store.syncSteps.recountRejected({ id: stepId, resourceType, rejected, withheld });
      }
    },

    async ensureJobs() {
      let repaired = 0;
      for (const run of await store.syncRuns.listActive()) {
        const { id: syncRunId } = run;
        try {
          if (await ensureSyncJobs(deps, run)) repaired += 1;
        } catch (error) {
          // A fault of one record must not delay the others. The next sweep tries it again.
          logger.error('sweep failed for a sync', { syncRunId, error });
        }
      }
      if (repaired > 0) logger.warn('syncs had no job', { count: repaired });
      for (const id of await store.syncRuns.listUnnotifiedIds())
        await producer.ensure(notifyJob, { kind: 'sync-run', id });
    },
  };
}

/** Creates the jobs of a run that a retry has resumed. */
export const resumeSyncWork = work(resumeSyncJob, { run: resumeSync });

async function resumeSync(
  deps: SyncDeps<'syncRuns' | 'syncSteps'>,
  { syncRunId }: { readonly syncRunId: string },
): Promise<void> {
  const run = await deps.store.syncRuns.find(syncRunId);
  if (run) await ensureSyncJobs(deps, run);
}

/** Creates the jobs that a run needs in its phase, if they do not exist. @returns whether jobs were missing */
async function ensureSyncJobs({ store, producer }: SyncDeps<'syncSteps'>, run: SyncRun): Promise<boolean> {
  const { id: syncRunId, phase } = run;
  if (phase === 'queued') return producer.ensure(planSyncJob, { syncRunId });
  if (phase !== 'running') return false;
  const unsettled = await store.syncSteps.listUnsettledIds(syncRunId);
  if (unsettled.length === 0 && needsReferences(run)) {
    const { job, payload } = nextRound(run);
    return producer.ensure(job, payload);
  }
  if (unsettled.length === 0) return producer.ensure(finalizeSyncJob, { syncRunId });
  return producer.ensureAll(
    syncStepJob,
    unsettled.map((stepId) => ({ syncRunId, stepId })),
  );
}
