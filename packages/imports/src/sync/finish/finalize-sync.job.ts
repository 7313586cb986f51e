import { type ExportError, present } from '@bulkhead/base';
import { work } from '@bulkhead/queues';
import type { Warning } from '@bulkhead/store';
import { notifyJob } from '@bulkhead/webhooks/jobs';
import { isInPhase } from '../../runs/index.ts';
import { failGivenUpSync, failSync } from '../fail-sync.ts';
import { finalizeSyncJob } from '../jobs.ts';
import type { SyncDeps } from '../sync-deps.ts';
import { needsReferences, type SyncRun, stepsMissing } from '../sync-run.record.ts';
import type { SyncTypeCount } from '../sync-step.record.ts';

export const finalizeSyncWork = work(finalizeSyncJob, { run: finalizeSync, onFinalFailure: failGivenUpSync });

/** Ends a run whose steps are all settled. */
export async function finalizeSync(
  deps: SyncDeps<'syncRuns' | 'syncSteps'>,
  { syncRunId }: { readonly syncRunId: string },
): Promise<void> {
  const { store, producer, logger, now } = deps;
  const run = await store.syncRuns.find(syncRunId);
  if (!run || !isInPhase(run, 'running')) return;
  if (needsReferences(run)) return;
  if ((await store.syncSteps.listUnsettledIds(syncRunId)).length > 0) return;
  const { stepCount = 0 } = run;
  const found = await store.syncSteps.count(syncRunId);
  if (found < stepCount) return failSync(deps, { syncRunId, error: lostSteps(found, stepCount) });
  const counts = await store.syncSteps.sumByType(syncRunId);
  const incomplete = await describeIncomplete(store, syncRunId);
  const refused = describeRefused(run, counts);
  const warnings = [
    ...refused,
    ...describeRejected(counts, syncRunId),
    ...describeLaterVersions(counts),
    ...incomplete,
  ];
  const isRefused = (type: string) => run.refusedTypes?.some(({ resourceType }) => resourceType === type) ?? false;
  const failed = counts.filter((count) => count.failed > 0 && !isRefused(count.resourceType));
  const error = failed.length > 0 ? await describe(store, { syncRunId, failed }) : (refused[0] ?? incomplete[0]);
  const hasNothing = counts.every((count) => count.completed + count.incomplete === 0);
  const to = error === undefined ? 'completed' : hasNothing ? 'failed' : 'partial';
  const sum = (of: (count: SyncTypeCount) => number) => counts.reduce((total, count) => total + of(count), 0);
  const totals = { stored: sum(({ stored }) => stored), unchanged: sum(({ unchanged }) => unchanged) };
  const change = {
    completedAt: now(),
    totals,
    warnings,
    ...present({ error }),
  };
  if (!(await store.syncRuns.transition({ from: run, to, change }))) return;
  await producer.enqueueAgain(notifyJob, { kind: 'sync-run', id: syncRunId });
  logger.info('sync ended', { syncRunId, phase: to });
}

function lostSteps(found: number, expected: number): ExportError {
  return {
    code: stepsMissing,
    message: `The database has ${found} of the ${expected} steps of this sync, perhaps after a backup was restored. Retry the sync, which plans the missing ones again.`,
  };
}

function describeRefused({ refusedTypes = [] }: SyncRun, counts: readonly SyncTypeCount[]) {
  return refusedTypes.map(({ resourceType, message }) => {
    const { searches = 0, requests = 0 } = counts.find((count) => count.resourceType === resourceType) ?? {};
    const sent = `${resourceType}: the EHR refused ${requests} searches in the same way and answered none, so the other ${Math.max(searches - requests, 0)} were not sent.`;
    return { code: 'type-refused' as const, message: `${sent} ${message} The next sync tries again.` };
  });
}

function describeRejected(counts: readonly SyncTypeCount[], syncRunId: string): Warning[] {
  const rejected = counts.reduce((sum, count) => sum + count.rejected, 0);
  if (rejected === 0) return [];
  const message = `${rejected} ${rejected === 1 ? 'entry' : 'entries'} of the EHR's responses could not be stored. See the reasons in the quarantine. Filter it by the id of this run, ${syncRunId}.`;
  return [{ code: 'entries-rejected', message }];
}

function describeLaterVersions(counts: readonly SyncTypeCount[]): Warning[] {
  const types = counts.flatMap(({ resourceType, laterIncomplete = 0 }) =>
    laterIncomplete > 0 ? [`${laterIncomplete} ${resourceType}`] : [],
  );
  if (types.length === 0) return [];
  const message = `The EHR sent later versions that are marked as incomplete (SUBSETTED): ${types.join(', ')}. The complete earlier versions stay stored. Ask the EHR's support why.`;
  return [{ code: 'versions-incomplete', message }];
}

/** Makes a warning for each type of which the EHR sent fewer resources than it promised. */
async function describeIncomplete(store: SyncDeps<'syncSteps'>['store'], syncRunId: string) {
  const sums = await store.syncSteps.sumIncomplete(syncRunId);
  return sums.map(({ resourceType, total, matched }) => ({
    code: 'search-incomplete' as const,
    message: `${resourceType}: the EHR promised ${total} resources and sent ${matched}. What it sent is stored. The next sync requests all of them again. To request them now, retry the run.`,
  }));
}

async function describe(
  store: SyncDeps<'syncSteps'>['store'],
  { syncRunId, failed }: { readonly syncRunId: string; readonly failed: readonly SyncTypeCount[] },
) {
  const [first] = await store.syncSteps.listErrors(syncRunId);
  const types = failed.map(({ resourceType, failed: count }) => `${resourceType} (${count})`).join(', ');
  const message = `Searches failed: ${types}. The first error: ${first?.message ?? 'see the log of the workers'}`;
  return { code: first?.code ?? ('internal' as const), message };
}
