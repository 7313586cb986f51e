import { type Retention, retainedKinds } from '@bulkhead/erasure';
import { isResourceType } from '@bulkhead/fhir';
import type { Metrics } from '@bulkhead/runtime';
import type { Store } from '@bulkhead/system';

/** The store, which also counts what becomes of resources and documents: every way into the database leads through it. */
export function countWrites({ store, metrics }: { readonly store: Store; readonly metrics: Metrics }): Store {
  const { resourceWriter, quarantine } = store;
  const count = metrics.counter({
    name: 'bulkhead_resources_total',
    help: 'Resources that came; outcome: written, unchanged, stale, deleted, withheld (of an erased patient), quarantined (a line of no known type).',
    labels: ['resource_type', 'outcome'],
  });
  // From nought, or the first one would be no increase to an alert.
  count({ resource_type: 'unknown', outcome: 'quarantined' }, 0);
  return {
    ...store,
    resourceWriter: {
      async write(resourceType, documents) {
        const outcome = await resourceWriter.write(resourceType, documents);
        const { written, unchanged, stale, withheld } = outcome;
        // What one write takes are either all tombstones or none.
        const isDeletion = documents[0]?.deleted === true;
        const counts = { [isDeletion ? 'deleted' : 'written']: written, unchanged, stale, withheld };
        for (const [name, value] of Object.entries(counts)) {
          if (value > 0) count({ resource_type: labelOf(resourceType), outcome: name }, value);
        }
        return outcome;
      },
    },
    quarantine: {
      ...quarantine,
      async put(entry) {
        await quarantine.put(entry);
        if (entry.lines.length > 0) count({ resource_type: 'unknown', outcome: 'quarantined' }, entry.lines.length);
      },
    },
    documents: countDocuments({ documents: store.documents, metrics }),
    retention: countDeletions({ retention: store.retention, metrics }),
  };
}

function countDeletions(options: { readonly retention: Retention; readonly metrics: Metrics }): Retention {
  const { retention, metrics } = options;
  const count = metrics.counter({
    name: 'bulkhead_retention_deleted_total',
    help: 'Records that were deleted because they were older than they are kept.',
    labels: ['kind'],
  });
  const counted = retainedKinds.map((kind) => {
    count({ kind }, 0);
    const step: Retention[typeof kind] = async (request) => {
      const batch = await retention[kind](request);
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
    help: 'Documents that were settled; outcome: stored, skipped, failed.',
    labels: ['outcome'],
  });
  for (const outcome of ['stored', 'skipped', 'failed']) count({ outcome }, 0);
  const counted = async (outcome: string, isOurs: Promise<boolean>): Promise<boolean> => {
    const settled = await isOurs;
    if (settled) count({ outcome });
    return settled;
  };
  return {
    ...documents,
    store: (claim, stored) => counted('stored', documents.store(claim, stored)),
    skip: (claim, skipped) => counted('skipped', documents.skip(claim, skipped)),
    fail: (failed) => counted('failed', documents.fail(failed)),
  };
}

/** Deletions name whatever types they like. */
function labelOf(resourceType: string): string {
  return isResourceType(resourceType) ? resourceType : 'other';
}
