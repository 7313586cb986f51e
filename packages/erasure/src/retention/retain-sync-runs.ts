import type { QuarantineRepository } from '@bulkhead/quarantine';
import type { Connection as Database } from 'mongoose';
import { endOf, RetentionPass, type RetentionStep } from './retention-pass.ts';

interface EndedRun {
  readonly _id: string;
  readonly connectionId: string;
  readonly scheduleId?: string;
  readonly phase: string;
  readonly version: number;
}

/**
 * Deletes ended sync runs with their steps. These stay: what clients are still to be told of, the last completed one of a
 * connection and of a schedule (monitoring asks how old it is), and those with entries in quarantine that are not stored yet.
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
