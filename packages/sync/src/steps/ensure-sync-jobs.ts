import type { SyncRun } from '../sync-run.record.ts';
import type { SyncDeps } from './deps.ts';

/** The job `sync.resume`: gives a run that a retry has resumed the jobs of its phase. */
export async function resumeSync(deps: SyncDeps, { syncRunId }: { readonly syncRunId: string }): Promise<void> {
  const run = await deps.store.syncRuns.find(syncRunId);
  if (run) await reviveSync(deps, run);
}

/** Gives a run the jobs that its phase needs, where they are not there. @returns whether there was something to do. */
export async function reviveSync({ store, producer }: SyncDeps, run: SyncRun): Promise<boolean> {
  const { id: syncRunId, phase } = run;
  if (phase === 'queued') return producer.ensure('sync.plan', { syncRunId });
  if (phase !== 'running') return false;
  const unsettled = await store.syncSteps.listUnsettledIds(syncRunId);
  if (unsettled.length === 0) return producer.ensure('sync.finalize', { syncRunId });
  let revived = false;
  for (const stepId of unsettled) revived = (await producer.ensure('sync.step', { syncRunId, stepId })) || revived;
  return revived;
}
