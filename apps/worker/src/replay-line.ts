import { replayFileLine } from '@bulkhead/bulk-export/steps';
import type { FailedJob } from '@bulkhead/queues';
import { toKnownError } from '@bulkhead/runtime';
import { replaySearchEntry } from '@bulkhead/sync/steps';
import type { WorkerDeps } from './deps.ts';

/** Stores what was quarantined, if it is usable now: a line of an export file or an entry of a search. */
export async function replayLine(deps: WorkerDeps, { quarantineId }: { readonly quarantineId: string }): Promise<void> {
  const entry = await deps.store.quarantine.find(quarantineId);
  if (!entry) return;
  await (entry.source === 'sync' ? replaySearchEntry(deps, entry) : replayFileLine(deps, entry));
}

/** Records in an entry why its replay was given up. */
export async function noteFailedReplay(
  { store, now }: WorkerDeps,
  { quarantineId: id, error }: FailedJob<'quarantine.replay'>,
): Promise<void> {
  if ((await store.quarantine.find(id))?.state !== 'open') return;
  await store.quarantine.noteReplay({ id, reason: toKnownError(error).code, now: now() });
}
