import type { QuarantineRepository } from '@bulkhead/quarantine';
import type { Connection as Database } from 'mongoose';
import type { Named } from '../batches.ts';
import { RetentionPass, type RetentionStep } from './retention-pass.ts';

interface EndedRun extends Named {
  readonly connectionId: string;
  readonly phase: string;
  readonly version: number;
}

interface EndedExport extends EndedRun {
  readonly requestKey: string;
  readonly request: { readonly exportType: string; readonly resourceTypes: readonly string[] };
}

interface RunOptions {
  readonly database: Database;
  readonly quarantine: QuarantineRepository;
}

/**
 * Deletes ended exports with their ledgers. An export is kept if clients or the EHR must still be notified of it, if a watermark
 * refers to it, if it is the last completed export of its level and types, or if it has quarantined lines that are not stored yet.
 */
export function retainExports({ database, quarantine }: RunOptions): RetentionStep {
  return stepOverRuns<EndedExport>({
    database,
    quarantine,
    kind: 'bulk-export',
    collection: 'bulk_exports',
    parts: { collection: 'output_files', runField: 'exportId' },
    filter: { discard: { $ne: 'due' }, 'orphans.0': { $exists: false } },
    projection: { connectionId: 1, requestKey: 1, phase: 1, version: 1, request: 1 },
    async isNeeded({ _id, connectionId, phase, request }) {
      if (await database.collection('watermarks').findOne({ connectionId, exportId: _id })) return true;
      if (await quarantine.hasOpen(_id)) return true;
      if (phase !== 'completed') return false;
      const { exportType, resourceTypes } = request;
      const same = { connectionId, 'request.exportType': exportType, 'request.resourceTypes': resourceTypes };
      const later = { ...same, phase, _id: { $gt: _id } };
      return (await database.collection('bulk_exports').findOne(later as never)) === null;
    },
    async onDeleted({ _id, connectionId, requestKey }) {
      const place = { _id: `${connectionId}/${requestKey}`, exportId: _id };
      await database.collection('active_exports').deleteOne(place as never);
    },
  });
}

/**
 * Deletes ended sync runs with their steps. A run is kept if clients must still be notified of it, if it is the last completed run of
 * its connection or schedule (monitoring reports its age), or if it has quarantined entries that are not stored yet.
 */
export function retainSyncRuns({ database, quarantine }: RunOptions): RetentionStep {
  return stepOverRuns<EndedRun & { readonly scheduleId?: string }>({
    database,
    quarantine,
    kind: 'sync-run',
    collection: 'sync_runs',
    parts: { collection: 'sync_steps', runField: 'runId' },
    projection: { connectionId: 1, scheduleId: 1, phase: 1, version: 1 },
    async isNeeded({ _id, connectionId, scheduleId, phase }) {
      if (await quarantine.hasOpen(_id)) return true;
      if (phase !== 'completed') return false;
      const same = scheduleId === undefined ? { connectionId } : { connectionId, scheduleId };
      const later = { ...same, phase, _id: { $gt: _id } };
      return (await database.collection('sync_runs').findOne(later as never)) === null;
    },
  });
}

function stepOverRuns<Run extends EndedRun>(
  options: RunOptions & {
    readonly kind: 'bulk-export' | 'sync-run';
    readonly collection: string;
    /** The collection of the parts of runs, and the field in which a part names its run. */
    readonly parts: { readonly collection: string; readonly runField: string };
    /** Further conditions for runs that can be due. */
    readonly filter?: object;
    readonly projection: object;
    readonly isNeeded: (run: Run) => Promise<boolean>;
    readonly onDeleted?: (run: Run) => Promise<void>;
  },
): RetentionStep {
  const { database, quarantine, kind, collection, parts, isNeeded, onDeleted } = options;
  const runs = () => database.collection<Named>(collection);
  const pass = new RetentionPass({ database, kind });

  /** Deletes the parts of deleted runs, including those whose deletion was interrupted by a crash. */
  const deleteParts = async (ids: readonly string[]): Promise<void> => {
    for (const id of ids) {
      if (await runs().findOne({ _id: id }, { projection: { _id: 1 } })) continue;
      await quarantine.deleteByExport(id);
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
        const result = await runs().deleteOne({ _id: run._id, version: run.version, active: false } as never);
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

/** Deletes webhook deliveries that have ended. */
export function retainDeliveries(database: Database): RetentionStep {
  const old = (olderThan: Date) => ({ state: { $in: ['delivered', 'failed'] }, createdAt: { $lt: olderThan } });
  return new RetentionPass({ database, kind: 'webhook-delivery' }).stepOver({
    collection: 'webhook_deliveries',
    filter: old,
    projection: { _id: 1 },
    async deleteDue(page, { olderThan }) {
      const ids = page.map(({ _id }) => _id);
      // The filter again: a delivery that an operator has just sent again is pending.
      const due = { _id: { $in: ids }, ...old(olderThan) } as never;
      return (await database.collection('webhook_deliveries').deleteMany(due)).deletedCount;
    },
  });
}
