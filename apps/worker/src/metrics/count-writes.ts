import type { Metrics } from '@bulkhead/base';
import { isResourceType } from '@bulkhead/fhir';
import type { WriteObserver } from '@bulkhead/system';

/** Counts what happens to resources, quarantined lines and documents. Every write to the database passes here. */
export function countWrites(metrics: Metrics): WriteObserver {
  const countResources = metrics.counter({
    name: 'bulkhead_resources_total',
    help: 'Resources that were received. `outcome` is written, unchanged, stale, deleted, withheld (of an erased patient) or quarantined (a line without a known type).',
    labels: ['resource_type', 'outcome'],
  });
  const addResources = (type: string, counts: Readonly<Record<string, number>>) => {
    for (const [outcome, count] of Object.entries(counts))
      if (count > 0) countResources({ resource_type: type, outcome }, count);
  };
  // Starts at 0, so that an alert on the increase sees the first one.
  countResources({ resource_type: 'unknown', outcome: 'quarantined' }, 0);
  const countDocuments = metrics.counter({
    name: 'bulkhead_documents_total',
    help: 'Documents that have reached a final state. `outcome` is stored, skipped or failed.',
    labels: ['outcome'],
  });
  for (const outcome of ['stored', 'skipped', 'failed']) countDocuments({ outcome }, 0);
  return {
    onWritten({ resourceType, isDeletion, outcome: { written, unchanged, stale, withheld } }) {
      const counts = { [isDeletion ? 'deleted' : 'written']: written, unchanged, stale, withheld };
      addResources(labelOf(resourceType), counts);
    },
    onQuarantined: (count) => addResources('unknown', { ...count }),
    onSettled: (outcome) => countDocuments({ outcome }),
  };
}

/** Counts what retention deletes. Each kind starts at 0. */
export function countRetained(metrics: Metrics, kinds: readonly string[]) {
  const count = metrics.counter({
    name: 'bulkhead_retention_deleted_total',
    help: 'Records that were deleted because their retention time had passed.',
    labels: ['kind'],
  });
  for (const kind of kinds) count({ kind }, 0);
  return (kind: string, deleted: number): void => {
    if (deleted > 0) count({ kind }, deleted);
  };
}

/** Deletions can name any type, and a label must have few values. */
function labelOf(resourceType: string): string {
  return isResourceType(resourceType) ? resourceType : 'other';
}
