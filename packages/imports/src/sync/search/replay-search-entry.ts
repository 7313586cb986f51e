import type { QuarantineEntry } from '@bulkhead/records/quarantine';
import type { SyncDeps } from '../sync-deps.ts';
import { type PageRepository, readSearchEntry } from './store-search-page.ts';

/** MongoDB cannot hold a larger resource. */
const maxEntryBytes = 16 * 1024 * 1024;

/** Stores an entry of a search from the quarantine, as it was received or as an operator has corrected it. */
export async function replaySearchEntry(
  deps: SyncDeps<PageRepository | 'syncSteps'>,
  entry: QuarantineEntry,
): Promise<void> {
  const { store, now } = deps;
  const { id, connectionId, runId: syncRunId, fileId, stepId = '', resourceType = '', createdAt } = entry;
  if (entry.state === 'open') {
    const reason = await replay();
    if (reason === 'withheld') await store.quarantine.withhold({ id, now: now() });
    else await store.quarantine.noteReplay({ id, reason, now: now() });
  }
  // Recompute the counts from the quarantine, so that a repetition after a crash counts nothing twice.
  const rejected = await store.quarantine.countOpen(fileId);
  const withheld = await store.quarantine.countWithheld(fileId);
  await store.syncSteps.recountRejected({ id: stepId, resourceType, rejected, withheld });

  async function replay(): Promise<string | undefined> {
    if (entry.sizeBytes > maxEntryBytes && !entry.isCorrected) return 'too-large';
    const json = await store.quarantine.readLine(id);
    // The time of the page is not stored, but the entry was quarantined when the page was read.
    const context = { connectionId, source: { syncRunId, stepId }, observedAt: createdAt, now: now() };
    const read = await readSearchEntry({ json, resourceType, context });
    if ('reason' in read) return read.reason;
    const { withheld } = await store.resourceWriter.write(resourceType, [read.document]);
    return withheld > 0 ? 'withheld' : undefined;
  }
}
