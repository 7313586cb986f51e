import { toKnownError } from '@bulkhead/base';
import { type FailedJob, work } from '@bulkhead/queues';
import { replayJob } from '../jobs.ts';
import type { QuarantineStore } from '../quarantine.feature.ts';
import type { QuarantineEntry } from '../quarantine.record.ts';

export interface ReplayDeps {
  readonly store: QuarantineStore;
  /** Stores an entry again, as its feature would store it today. */
  readonly replays: {
    readonly fileLine: (entry: QuarantineEntry) => Promise<void>;
    readonly searchEntry: (entry: QuarantineEntry) => Promise<void>;
  };
  readonly now: () => Date;
}

/** Stores what was quarantined, if it is usable now: a line of an export file or an entry of a search. */
export const replayWork = work(replayJob, { run: replay, onFinalFailure: noteFailedReplay });

async function replay(deps: ReplayDeps, { quarantineId }: { readonly quarantineId: string }): Promise<void> {
  const entry = await deps.store.quarantine.find(quarantineId);
  if (!entry) return;
  await (entry.source === 'sync' ? deps.replays.searchEntry(entry) : deps.replays.fileLine(entry));
}

/** Records in an entry why its replay was given up. */
async function noteFailedReplay(
  { store, now }: ReplayDeps,
  { quarantineId: id, error }: FailedJob<{ readonly quarantineId: string }>,
): Promise<void> {
  if ((await store.quarantine.find(id))?.state !== 'open') return;
  await store.quarantine.noteReplay({ id, reason: toKnownError(error).code, now: now() });
}
