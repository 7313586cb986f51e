import type { QuarantineRepository } from '@bulkhead/records/quarantine';
import {
  amountsOf,
  countsNothing,
  type Database,
  deleteInBatches,
  type FeatureData,
  forgetTexts,
  idsBelow,
  ownedRecords,
  type PatientOfConnection,
  sumAmounts,
} from '@bulkhead/store';
import { type EndedRun, retainRuns } from '../runs/index.ts';
import { type BulkExportRepository, bulkExportDocumentSchema, lastFull } from './bulk-export.repository.ts';
import { collections } from './collections.ts';
import { type OutputFileRepository, outputFileDocumentSchema } from './output-file.repository.ts';
import type { CohortRepository } from './patients/cohort.repository.ts';
import type { CohortMarkRepository } from './patients/cohort-mark.repository.ts';
import type { WatermarkRepository } from './watermarks/watermark.repository.ts';

interface EndedExport extends EndedRun {
  readonly requestKey: string;
  readonly request: {
    readonly exportType: string;
    readonly resourceTypes: readonly string[];
    readonly cohort?: string;
  };
  readonly level?: string;
  readonly lackedTypes?: readonly string[];
}

interface Repositories {
  readonly database: Database;
  readonly quarantine: QuarantineRepository;
  readonly bulkExports: BulkExportRepository;
  readonly outputFiles: OutputFileRepository;
  readonly cohorts: CohortRepository;
  readonly cohortMarks: CohortMarkRepository;
  readonly watermarks: WatermarkRepository;
}

export function createBulkExportData(options: Repositories): FeatureData<'bulk-export'> {
  const { database, quarantine, bulkExports, outputFiles, cohorts } = options;
  const ofConnection = (connectionId: string) => ({ connectionId });
  const parts = ownedRecords(database, [
    { collection: collections.exportSlots, kind: 'exportSlots', ofConnection },
    { collection: collections.cohorts, kind: 'cohorts', isCounted: true, ofConnection },
    { collection: collections.cohortMarks, kind: 'cohortMarks', ofConnection },
    { collection: collections.outputFiles, kind: 'exportFiles', ofConnection },
    { collection: collections.runningExports, kind: 'runningExports', ofConnection },
    {
      collection: collections.watermarks,
      kind: 'watermarks',
      isCounted: true,
      ofConnection: (connectionId) => ({ _id: idsBelow(connectionId) }),
    },
  ]);
  return {
    countOfPatient: countsNothing,
    /** A name is a part of addresses and of schedules, so it stays. */
    async countMentions({ connectionId, patientId }) {
      const names = (await cohorts.list(connectionId)).map(({ name }) => name);
      return amountsOf({ records: { namingCohorts: names.filter((name) => name.includes(patientId)).length } });
    },

    async countOfConnection(connectionId) {
      const ids = await bulkExports.listIds(connectionId);
      const records = { exports: ids.length, exportFiles: await outputFiles.countOf(ids) };
      return sumAmounts([await parts.countOfConnection(connectionId), amountsOf({ records })]);
    },

    async eraseConnection(pass) {
      const deleted = await parts.eraseConnection(pass);
      // The files of quarantined lines are found through their runs, so the runs stay until no process can write such a file.
      if (!pass.isLast) return deleted;
      const exports = await deleteInBatches(
        { ...pass, database },
        {
          collection: collections.bulkExports,
          filter: ofConnection(pass.connectionId),
          async before(page) {
            const ids = page.map(({ _id }) => _id);
            await quarantine.forgetRuns(ids);
          },
          count: (count) => ({ records: { exports: count } }),
        },
      );
      return deleted + exports;
    },

    erasePatient: (patient) => forgetPatient(options, patient),

    async findActive(connectionId) {
      const [active] = await bulkExports.listActiveOf(connectionId);
      return active && { name: 'An export', context: { exportId: active.id } };
    },

    retention: { 'bulk-export': retainExports({ database, quarantine, bulkExports }) },
    encryptedFields: outputFiles.encryptedFields,
  };
}

/** Removes a patient from lists, and from the texts of records that are kept. */
async function forgetPatient(repositories: Repositories, patient: PatientOfConnection): Promise<number> {
  const { database, cohorts, cohortMarks, watermarks } = repositories;
  const { connectionId, patientId } = patient;
  const exports = await forgetTexts({
    database,
    collection: collections.bulkExports,
    patientId,
    schema: bulkExportDocumentSchema,
    filter: { connectionId, active: false },
  });
  const files = await forgetTexts({
    database,
    collection: collections.outputFiles,
    patientId,
    schema: outputFileDocumentSchema,
    filter: { connectionId, state: { $nin: ['pending', 'downloading'] } },
  });
  const lists = [cohorts, cohortMarks, watermarks];
  let changed = exports + files;
  for (const list of lists) changed += await list.removePatient(patient);
  return changed;
}

/**
 * Keeps an export to which a watermark refers, one with lines that are not stored yet, and the last completed one of its level and types. The last one
 * of everything is kept too, because the next one is compared with it (`findLastFull`).
 */
function retainExports(options: Pick<Repositories, 'database' | 'quarantine' | 'bulkExports'>) {
  const { database, quarantine, bulkExports } = options;
  return retainRuns<EndedExport>({
    database,
    quarantine,
    kind: 'bulk-export',
    collection: collections.bulkExports,
    parts: { collection: collections.outputFiles, runField: 'exportId' },
    filter: { discard: { $ne: 'due' }, 'orphans.0': { $exists: false } },
    projection: { connectionId: 1, requestKey: 1, phase: 1, version: 1, request: 1, level: 1, lackedTypes: 1 },
    async isNeeded({ _id, connectionId, phase, request, level, lackedTypes }) {
      if (await database.collection(collections.watermarks).findOne({ connectionId, exportId: _id })) return true;
      if (await quarantine.hasOpen(_id)) return true;
      if (phase !== 'completed') return false;
      const { exportType, resourceTypes, cohort } = request;
      const exports = database.collection<EndedExport>(collections.bulkExports);
      const later = { connectionId, 'request.resourceTypes': resourceTypes, _id: { $gt: _id } };
      if ((await exports.findOne({ ...later, 'request.exportType': exportType, phase })) === null) return true;
      if (level === undefined || lackedTypes === undefined) return false;
      return (await exports.findOne({ ...later, ...lastFull({ level, cohort }) } as object)) === null;
    },
    onDeleted: ({ _id, connectionId, requestKey }) => bulkExports.releaseRequest({ id: _id, connectionId, requestKey }),
  });
}
