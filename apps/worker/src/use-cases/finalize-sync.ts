import { isSyncActive, type SyncTypeCount } from '@bulkhead/domain';
import type { UseCaseDeps } from './deps.ts';

/** Ends a run whose steps are all settled. */
export async function finalizeSync(
  { store, producer, logger, now }: UseCaseDeps,
  { syncRunId }: { readonly syncRunId: string },
): Promise<void> {
  const run = await store.syncRuns.find(syncRunId);
  if (run?.phase !== 'running') return;
  if ((await store.syncSteps.listUnsettledIds(syncRunId)).length > 0) return;
  const counts = await store.syncSteps.sumByType(syncRunId);
  const failed = counts.filter((count) => count.failed > 0);
  const rejected = counts.reduce((sum, count) => sum + count.rejected, 0);
  if (rejected > 0) {
    const message = `${rejected} entries of the EHR's answers are no usable resources of their type and were left out.`;
    await store.syncRuns.warn({ id: syncRunId, code: 'entries-rejected', message });
  }
  const hasNothing = failed.length > 0 && counts.every(({ completed }) => completed === 0);
  const to = failed.length === 0 ? 'completed' : hasNothing ? 'failed' : 'partial';
  const change = {
    completedAt: now(),
    ...(failed.length > 0 ? { error: await describe(store, { syncRunId, failed }) } : {}),
  };
  if (!(await store.syncRuns.transition({ from: run, to, change }))) return;
  await producer.enqueueAgain('webhook.notify', { kind: 'sync-run', id: syncRunId });
  logger.info('sync ended', { syncRunId, phase: to });
}

async function describe(
  store: UseCaseDeps['store'],
  { syncRunId, failed }: { readonly syncRunId: string; readonly failed: readonly SyncTypeCount[] },
) {
  const [first] = await store.syncSteps.listErrors(syncRunId);
  const types = failed.map(({ resourceType, failed: count }) => `${resourceType} (${count})`).join(', ');
  const message = `Searches failed: ${types}. The first one: ${first?.message ?? 'see the log of the workers'}`;
  return { code: first?.code ?? 'internal', message };
}

/** Ends a run as failed that cannot even be planned. */
export async function failSync(
  { store, producer, logger, now }: UseCaseDeps,
  {
    syncRunId,
    error,
  }: { readonly syncRunId: string; readonly error: { readonly code: string; readonly message: string } },
): Promise<void> {
  for (;;) {
    const run = await store.syncRuns.find(syncRunId);
    if (!run || !isSyncActive(run.phase)) return;
    if (await store.syncRuns.transition({ from: run, to: 'failed', change: { error, completedAt: now() } })) break;
  }
  await producer.enqueueAgain('webhook.notify', { kind: 'sync-run', id: syncRunId });
  logger.error('sync failed', { syncRunId, code: error.code });
}
