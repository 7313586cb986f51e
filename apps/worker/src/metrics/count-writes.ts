import type { Metrics } from '@bulkhead/base';
import { isResourceType } from '@bulkhead/fhir';
import { type RetentionStep, withMethods } from '@bulkhead/store';
import type { Store } from '@bulkhead/system';

type ResourceWriter = ReturnType<Store['resourceWriter']['ofFile']>;

/** Wraps the store to count what happens to resources and documents. Every write to the database passes here. */
export function countWrites({ store, metrics }: { readonly store: Store; readonly metrics: Metrics }): Store {
  const { resourceWriter, quarantine } = store;
  const count = metrics.counter({
    name: 'bulkhead_resources_total',
    help: 'Resources that were received. `outcome` is written, unchanged, stale, deleted, withheld (of an erased patient) or quarantined (a line without a known type).',
    labels: ['resource_type', 'outcome'],
  });
  // Starts at 0, so that an alert on the increase sees the first one.
  count({ resource_type: 'unknown', outcome: 'quarantined' }, 0);
  const counted = (writer: ResourceWriter): ResourceWriter => ({
    async write(resourceType, documents, isRepeated) {
      const outcome = await writer.write(resourceType, documents, isRepeated);
      const { written, unchanged, stale, withheld } = outcome;
      // The documents of one write are either all tombstones or none.
      const isDeletion = documents[0]?.deleted === true;
      const counts = { [isDeletion ? 'deleted' : 'written']: written, unchanged, stale, withheld };
      for (const [name, value] of Object.entries(counts)) {
        if (value > 0) count({ resource_type: labelOf(resourceType), outcome: name }, value);
      }
      return outcome;
    },
  });
  return {
    ...store,
    resourceWriter: withMethods(resourceWriter, {
      ...counted(resourceWriter),
      ofFile: (options) => counted(resourceWriter.ofFile(options)),
    }),
    quarantine: withMethods(quarantine, {
      async put(entry) {
        const withheld = await quarantine.put(entry);
        const quarantined = entry.lines.length - withheld;
        if (quarantined > 0) count({ resource_type: 'unknown', outcome: 'quarantined' }, quarantined);
        if (withheld > 0) count({ resource_type: 'unknown', outcome: 'withheld' }, withheld);
        return withheld;
      },
    }),
    documents: countDocuments({ documents: store.documents, metrics }),
    retention: countDeletions({ retention: store.retention, metrics }),
  };
}

function countDeletions<Retention extends Readonly<Record<string, RetentionStep>>>(options: {
  readonly retention: Retention;
  readonly metrics: Metrics;
}): Retention {
  const { retention, metrics } = options;
  const count = metrics.counter({
    name: 'bulkhead_retention_deleted_total',
    help: 'Records that were deleted because their retention time had passed.',
    labels: ['kind'],
  });
  const counted = Object.entries(retention).map(([kind, retain]) => {
    count({ kind }, 0);
    const step: RetentionStep = async (request) => {
      const batch = await retain(request);
      if (batch.deleted > 0) count({ kind }, batch.deleted);
      return batch;
    };
    return [kind, step] as const;
  });
  return Object.fromEntries(counted) as Retention;
}

function countDocuments(options: {
  readonly documents: Store['documents'];
  readonly metrics: Metrics;
}): Store['documents'] {
  const { documents, metrics } = options;
  const count = metrics.counter({
    name: 'bulkhead_documents_total',
    help: 'Documents that have reached a final state. `outcome` is stored, skipped or failed.',
    labels: ['outcome'],
  });
  for (const outcome of ['stored', 'skipped', 'failed']) count({ outcome }, 0);
  const counted = async (outcome: string, isOurs: Promise<boolean>): Promise<boolean> => {
    const settled = await isOurs;
    if (settled) count({ outcome });
    return settled;
  };
  return withMethods(documents, {
    store: (claim, stored) => counted('stored', documents.store(claim, stored)),
    skip: (claim, skipped) => counted('skipped', documents.skip(claim, skipped)),
    fail: (failed) => counted('failed', documents.fail(failed)),
  });
}

/** Deletions can name any type, and a label must have few values. */
function labelOf(resourceType: string): string {
  return isResourceType(resourceType) ? resourceType : 'other';
}
