import type { QuarantineRepository } from '@bulkhead/records/quarantine';
import { type Database, type Named, RetentionPass, type RetentionStep } from '@bulkhead/store';

export interface EndedRun extends Named {
  readonly connectionId: string;
  readonly phase: string;
  readonly version: number;
}

/** Deletes ended runs with their parts. A run is kept if clients must still be notified of it, or if `isNeeded` says so. */
export function retainRuns<Run extends EndedRun>(options: {
  readonly database: Database;
  readonly quarantine: QuarantineRepository;
  readonly kind: 'bulk-export' | 'sync-run';
  readonly collection: string;
  /** The collection of the parts of runs, and the field in which a part names its run. */
  readonly parts: { readonly collection: string; readonly runField: string };
  /** Further conditions for runs that can be due. */
  readonly filter?: object;
  readonly projection: object;
  readonly isNeeded: (run: Run) => Promise<boolean>;
  readonly onDeleted?: (run: Run) => Promise<void>;
}): RetentionStep {
  const { database, quarantine, kind, collection, parts, isNeeded, onDeleted } = options;
  const runs = () => database.collection<EndedRun & { readonly active: boolean }>(collection);
  const pass = new RetentionPass({ database, kind });

  /** Deletes the parts of deleted runs, including those whose deletion was interrupted by a crash. */
  const deleteParts = async (ids: readonly string[]): Promise<void> => {
    for (const id of ids) {
      if (await runs().findOne({ _id: id }, { projection: { _id: 1 } })) continue;
      await quarantine.deleteByRun(id);
      await database.collection(parts.collection).deleteMany({ [parts.runField]: id });
    }
    await pass.noteDeleted(ids);
  };

  const step = pass.stepOver<Run>({
    collection,
    filter: (olderThan) => ({
      active: false,
      completedAt: { $lt: olderThan },
      notify: { $ne: 'due' },
      ...options.filter,
    }),
    projection: options.projection,
    async deleteDue(page) {
      const due: Run[] = [];
      for (const run of page) if (!(await isNeeded(run))) due.push(run);
      const ids = due.map(({ _id }) => _id);
      await pass.noteDeleting(ids);
      let deleted = 0;
      for (const run of due) {
        // A retry in the meantime has made the run active and changed its version.
        const result = await runs().deleteOne({ _id: run._id, version: run.version, active: false });
        if (result.deletedCount === 0) continue;
        deleted += 1;
        await onDeleted?.(run);
      }
      await deleteParts(ids);
      return deleted;
    },
  });

  return async (request) => {
    await deleteParts(await pass.listDeleting());
    return step(request);
  };
}
