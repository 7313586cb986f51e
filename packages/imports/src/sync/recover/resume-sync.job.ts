import { work } from '@bulkhead/queues';
import { finalizeSyncJob, nextRound, planSyncJob, resumeSyncJob, syncStepJob } from '../jobs.ts';
import type { SyncDeps } from '../sync-deps.ts';
import { needsReferences, type SyncRun } from '../sync-run.record.ts';

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
export async function ensureSyncJobs({ store, producer }: SyncDeps<'syncSteps'>, run: SyncRun): Promise<boolean> {
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
