import type { QuarantineRepository } from '@bulkhead/quarantine';
import type { Connection as Database } from 'mongoose';
import { endOf, RetentionPass, type RetentionStep } from './retention-pass.ts';

interface EndedExport {
  readonly _id: string;
  readonly connectionId: string;
  readonly requestKey: string;
  readonly phase: string;
  readonly version: number;
  readonly request: { readonly exportType: string; readonly resourceTypes: readonly string[] };
}

/**
 * Deletes ended exports with their ledgers. An export is kept if clients or the EHR must still be notified of it, if a watermark
 * refers to it, if it is the last completed export of its level and types, or if it has quarantined lines that are not stored yet.
 */
export function retainExports(options: {
  readonly database: Database;
  readonly quarantine: QuarantineRepository;
}): RetentionStep {
  const { database, quarantine } = options;
  const exports = () => database.collection<EndedExport>('bulk_exports');
  const pass = new RetentionPass({ database, kind: 'bulk-export' });

  const isNeeded = async ({ _id, connectionId, phase, request }: EndedExport): Promise<boolean> => {
    if (await database.collection('watermarks').findOne({ connectionId, exportId: _id })) return true;
    if (await quarantine.hasOpen(_id)) return true;
    if (phase !== 'completed') return false;
    const { exportType, resourceTypes } = request;
    const later = await exports().findOne({
      connectionId,
      phase,
      'request.exportType': exportType,
      'request.resourceTypes': resourceTypes,
      _id: { $gt: _id },
    } as never);
    return later === null;
  };

  /** Deletes the parts of deleted exports, including those whose deletion was interrupted by a crash. */
  const deleteParts = async (ids: readonly string[]): Promise<void> => {
    for (const exportId of ids) {
      if (await exports().findOne({ _id: exportId }, { projection: { _id: 1 } })) continue;
      await quarantine.deleteByExport(exportId);
      await database.collection('output_files').deleteMany({ exportId });
    }
    await pass.noteDeleted(ids);
  };

  return async (request) => {
    await deleteParts(await pass.listDeleting());
    const { olderThan, limit } = request;
    return pass.advance(request, async (after) => {
      const page = await exports()
        .find({
          _id: { $gt: after },
          active: false,
          completedAt: { $lt: olderThan },
          discard: { $ne: 'due' },
          notify: { $ne: 'due' },
          'orphans.0': { $exists: false },
        } as never)
        .sort({ _id: 1 })
        .limit(limit)
        .project<EndedExport>({ connectionId: 1, requestKey: 1, phase: 1, version: 1, request: 1 })
        .toArray();
      const due: EndedExport[] = [];
      for (const record of page) if (!(await isNeeded(record))) due.push(record);
      const ids = due.map(({ _id }) => _id);
      await pass.noteDeleting(ids);
      let deleted = 0;
      for (const { _id, version, connectionId, requestKey } of due) {
        // A retry in the meantime has made the export active and changed its version.
        const result = await exports().deleteOne({ _id, version, active: false } as never);
        if (result.deletedCount === 0) continue;
        deleted += 1;
        const place = { _id: `${connectionId}/${requestKey}`, exportId: _id };
        await database.collection('active_exports').deleteOne(place as never);
      }
      await deleteParts(ids);
      return { deleted, last: endOf(page, limit) };
    });
  };
}

interface EndedRun {
  readonly _id: string;
  readonly connectionId: string;
  readonly scheduleId?: string;
  readonly phase: string;
  readonly version: number;
}

/**
 * Deletes ended sync runs with their steps. A run is kept if clients must still be notified of it, if it is the last completed run of
 * its connection or schedule (monitoring reports its age), or if it has quarantined entries that are not stored yet.
 */
export function retainSyncRuns(options: {
  readonly database: Database;
  readonly quarantine: QuarantineRepository;
}): RetentionStep {
  const { database, quarantine } = options;
  const runs = () => database.collection<EndedRun>('sync_runs');
  const pass = new RetentionPass({ database, kind: 'sync-run' });

  const isNeeded = async ({ _id, connectionId, scheduleId, phase }: EndedRun): Promise<boolean> => {
    if (await quarantine.hasOpen(_id)) return true;
    if (phase !== 'completed') return false;
    const same = scheduleId === undefined ? { connectionId } : { connectionId, scheduleId };
    return (await runs().findOne({ ...same, phase, _id: { $gt: _id } })) === null;
  };

  const deleteParts = async (ids: readonly string[]): Promise<void> => {
    for (const runId of ids) {
      if (await runs().findOne({ _id: runId }, { projection: { _id: 1 } })) continue;
      await quarantine.deleteByExport(runId);
      await database.collection('sync_steps').deleteMany({ runId });
    }
    await pass.noteDeleted(ids);
  };

  return async (request) => {
    await deleteParts(await pass.listDeleting());
    const { olderThan, limit } = request;
    return pass.advance(request, async (after) => {
      const old = { active: false, completedAt: { $lt: olderThan }, notify: { $ne: 'due' } };
      const page = await runs()
        .find({ _id: { $gt: after }, ...old } as never)
        .sort({ _id: 1 })
        .limit(limit)
        .project<EndedRun>({ connectionId: 1, scheduleId: 1, phase: 1, version: 1 })
        .toArray();
      const due: EndedRun[] = [];
      for (const run of page) if (!(await isNeeded(run))) due.push(run);
      const ids = due.map(({ _id }) => _id);
      await pass.noteDeleting(ids);
      let deleted = 0;
      for (const { _id, version } of due)
        deleted += (await runs().deleteOne({ _id, version, active: false } as never)).deletedCount;
      await deleteParts(ids);
      return { deleted, last: endOf(page, limit) };
    });
  };
}

/** Deletes webhook deliveries that have ended. */
export function retainDeliveries(database: Database): RetentionStep {
  const pass = new RetentionPass({ database, kind: 'webhook-delivery' });
  return async (request) => {
    const { olderThan, limit } = request;
    const old = { state: { $in: ['delivered', 'failed'] }, createdAt: { $lt: olderThan } };
    return pass.advance(request, async (after) => {
      const deliveries = database.collection<{ readonly _id: string }>('webhook_deliveries');
      const page = await deliveries
        .find({ _id: { $gt: after }, ...old } as never, { projection: { _id: 1 } })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray();
      const ids = page.map(({ _id }) => _id);
      // The filter again: a delivery that an operator has just sent again is pending.
      const { deletedCount } = await deliveries.deleteMany({ _id: { $in: ids }, ...old } as never);
      return { deleted: deletedCount, last: endOf(page, limit) };
    });
  };
}
