import type { QuarantineRepository } from '@bulkhead/records/quarantine';
import {
  amountsOf,
  countsNothing,
  type Database,
  deleteInBatches,
  encryptsNothing,
  type FeatureData,
  forgetTexts,
  idsBelow,
  ownedRecords,
  sumAmounts,
} from '@bulkhead/store';
import { type EndedRun, retainRuns } from '../runs/index.ts';
import { collections } from './collections.ts';
import type { CrawlMarkRepository } from './crawl-mark.repository.ts';
import { type SyncRunRepository, syncRunDocumentSchema } from './sync-run.repository.ts';
import { type SyncStepRepository, syncStepDocumentSchema } from './sync-step.repository.ts';

export function createSyncData(options: {
  readonly database: Database;
  readonly quarantine: QuarantineRepository;
  readonly syncRuns: SyncRunRepository;
  readonly syncSteps: SyncStepRepository;
  readonly crawlMarks: CrawlMarkRepository;
}): FeatureData<'sync-run'> {
  const { database, quarantine, syncRuns, syncSteps, crawlMarks } = options;
  const ofConnection = (connectionId: string) => ({ connectionId });
  const parts = ownedRecords(database, [
    { collection: collections.syncSteps, kind: 'syncSteps', ofConnection },
    { collection: collections.runningSyncs, kind: 'runningSyncs', ofConnection },
    {
      collection: collections.crawlMarks,
      kind: 'crawlMarks',
      isCounted: true,
      ofConnection: (connectionId) => ({ _id: idsBelow(connectionId) }),
    },
  ]);
  return {
    countMentions: countsNothing,
    encryptedFields: encryptsNothing,

    async countOfConnection(connectionId) {
      const ids = await syncRuns.listIds(connectionId);
      const records = { syncRuns: ids.length, syncSteps: await syncSteps.countOf(ids) };
      return sumAmounts([await parts.countOfConnection(connectionId), amountsOf({ records })]);
    },

    async eraseConnection(pass) {
      const deleted = await parts.eraseConnection(pass);
      // The files of quarantined entries are found through their runs, so the runs stay until no process can write such a file.
      if (!pass.isLast) return deleted;
      const runs = await deleteInBatches(
        { ...pass, database },
        {
          collection: collections.syncRuns,
          filter: ofConnection(pass.connectionId),
          before: (page) => quarantine.forgetRuns(page.map(({ _id }) => _id)),
          count: (count) => ({ records: { syncRuns: count } }),
        },
      );
      return deleted + runs;
    },

    async countOfPatient(patient) {
      return amountsOf({ records: { crawlMarks: (await crawlMarks.exists(patient)) ? 1 : 0 } });
    },

    /** Deletes the mark. Steps and runs are kept with their counts, but without the id of the patient and URLs that may contain it. */
    async erasePatient({ connectionId, patientId, onDeleted }) {
      let changed = 0;
      if (await crawlMarks.delete({ connectionId, patientId })) {
        changed += 1;
        await onDeleted(amountsOf({ records: { crawlMarks: 1 } }));
      }
      const texts = { database, patientId };
      changed += await forgetTexts({
        ...texts,
        collection: collections.syncSteps,
        schema: syncStepDocumentSchema,
        filter: { connectionId, state: { $nin: ['pending', 'running'] } },
      });
      changed += await forgetTexts({
        ...texts,
        collection: collections.syncRuns,
        schema: syncRunDocumentSchema,
        filter: { connectionId, active: false },
      });
      return changed;
    },

    async findActive(connectionId) {
      const [active] = await syncRuns.listActiveOf(connectionId);
      return active && { name: 'A sync', context: { syncRunId: active.id } };
    },

    retention: { 'sync-run': retainSyncRuns({ database, quarantine }) },
  };
}

/** Keeps the last completed run of its connection or schedule (monitoring reports its age), and one with entries that are not stored yet. */
function retainSyncRuns(options: { readonly database: Database; readonly quarantine: QuarantineRepository }) {
  const { database, quarantine } = options;
  return retainRuns<EndedRun & { readonly scheduleId?: string }>({
    database,
    quarantine,
    kind: 'sync-run',
    collection: collections.syncRuns,
    parts: { collection: collections.syncSteps, runField: 'runId' },
    projection: { connectionId: 1, scheduleId: 1, phase: 1, version: 1 },
    async isNeeded({ _id, connectionId, scheduleId, phase }) {
      if (await quarantine.hasOpen(_id)) return true;
      if (phase !== 'completed') return false;
      const same = scheduleId === undefined ? { connectionId } : { connectionId, scheduleId };
      const later = { ...same, phase, _id: { $gt: _id } };
      return (await database.collection<EndedRun>(collections.syncRuns).findOne(later)) === null;
    },
  });
}
