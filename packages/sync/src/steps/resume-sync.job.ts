import type { SyncRun } from '../sync-run.record.ts';
import type { SyncDeps } from './deps.ts';

/** The job `sync.resume`: creates the jobs of a run that a retry has resumed. */
export async function resumeSync(deps: SyncDeps, { syncRunId }: { readonly syncRunId: string }): Promise<void> {
  const run = await deps.store.syncRuns.find(syncRunId);
  if (run) await ensureSyncJobs(deps, run);
}

/** Creates the jobs that a run needs in its phase, if they do not exist. @returns whether jobs were missing */
export async function ensureSyncJobs({ store, producer }: SyncDeps, run: SyncRun): Promise<boolean> {
  const { id: syncRunId, phase } = run;
  if (phase === 'queued') return producer.ensure('sync.plan', { syncRunId });
  if (phase !== 'running') return false;
  const unsettled = await store.syncSteps.listUnsettledIds(syncRunId);
  if (unsettled.length === 0) return producer.ensure('sync.finalize', { syncRunId });
  return producer.ensureSteps({ syncRunId, stepIds: unsettled });
}
