import { isJson, mentionsPatient } from '@bulkhead/fhir';
import {
  amountsOf,
  countsNothing,
  type Database,
  deleteInBatches,
  type EncryptedFiles,
  type FeatureData,
  hasNoActiveWork,
  type Named,
  type PatientOfConnection,
  RetentionPass,
  type RetentionStep,
} from '@bulkhead/store';
import { collections } from './collections.ts';
import type { QuarantineRepository } from './quarantine.repository.ts';

interface QuarantineDataOptions {
  readonly database: Database;
  readonly quarantine: QuarantineRepository;
  readonly files: EncryptedFiles;
  /** Whether an export or a sync can still quarantine lines, or replay them. */
  readonly isRunActive: (runId: string) => Promise<boolean>;
}

export function createQuarantineData(
  options: QuarantineDataOptions,
): FeatureData<'replayed-line' | 'quarantined-line'> {
  const { database, quarantine, files } = options;

  /**
   * Yields every quarantined line of the connection, and whether it mentions the patient. What is missing from a line, or is written in an unknown
   * way, may do so too.
   */
  async function* findLines({ connectionId, patientId }: PatientOfConnection, signal?: AbortSignal) {
    for await (const { id, isTruncated, texts } of quarantine.readAllTexts(connectionId)) {
      signal?.throwIfAborted();
      const isOfPatient = texts.some((text) => mentionsPatient(text, patientId));
      yield { id, isOfPatient, isUndecided: !isOfPatient && (isTruncated || !texts.every(isJson)) };
    }
  }

  return {
    countMentions: countsNothing,
    findActive: hasNoActiveWork,

    async countOfConnection(connectionId) {
      return amountsOf({ records: { quarantinedLines: await quarantine.countOfConnection(connectionId) } });
    },

    eraseConnection: (pass) =>
      deleteInBatches<Named & { readonly encryptedFile?: string }>(
        { ...pass, database },
        {
          collection: collections.quarantine,
          filter: { connectionId: pass.connectionId },
          projection: { encryptedFile: 1 },
          async before(page) {
            for (const { _id, encryptedFile } of page) if (encryptedFile !== undefined) await files.removeOf(_id);
          },
          count: (quarantinedLines) => ({ records: { quarantinedLines } }),
        },
      ),

    async countOfPatient(patient, { timeLimitMs }) {
      const counts = { quarantinedLines: 0, undecidedLines: 0 };
      const startedAt = performance.now();
      let checked = 0;
      for await (const { isOfPatient, isUndecided } of findLines(patient)) {
        checked += 1;
        if (isOfPatient) counts.quarantinedLines += 1;
        if (isUndecided) counts.undecidedLines += 1;
        if (performance.now() - startedAt < timeLimitMs) continue;
        const all = await quarantine.countWithContent(patient.connectionId);
        return amountsOf({ records: { ...counts, uncheckedLines: Math.max(all - checked, 0) } });
      }
      return amountsOf({ records: counts });
    },

    async erasePatient(pass) {
      let withheld = 0;
      for await (const { id, isOfPatient } of findLines(pass, pass.signal)) {
        if (!isOfPatient || !(await quarantine.withhold({ id, now: pass.now }))) continue;
        withheld += 1;
        await pass.onDeleted(amountsOf({ records: { quarantinedLines: 1 } }));
      }
      return withheld;
    },

    retention: { 'replayed-line': retainReplayedLines(options), 'quarantined-line': retainOpenLines(options) },
    encryptedFields: quarantine.encryptedFields,
  };
}

/** Deletes quarantined lines that were stored later. Their content is in the stored resources. */
function retainReplayedLines({ database, quarantine }: QuarantineDataOptions): RetentionStep {
  return new RetentionPass({ database, kind: 'replayed-line' }).stepOver({
    collection: collections.quarantine,
    filter: (olderThan) => ({ state: 'replayed', 'replay.at': { $lt: olderThan } }),
    projection: { _id: 1 },
    deleteDue: (page) => quarantine.deleteReplayed(page.map(({ _id }) => _id)),
  });
}

interface OldLine extends Named {
  readonly fileId: string;
  readonly runId: string;
}

/**
 * Deletes lines that were never stored. All lines of a file are deleted together, when the youngest is due, because a replay computes
 * the counts of the file from its remaining lines. The counts of the export still include the deleted lines.
 */
function retainOpenLines({ database, quarantine, isRunActive }: QuarantineDataOptions): RetentionStep {
  return new RetentionPass({ database, kind: 'quarantined-line' }).stepOver<OldLine>({
    collection: collections.quarantine,
    filter: (olderThan) => ({ state: { $in: ['open', 'dismissed'] }, createdAt: { $lt: olderThan } }),
    projection: { fileId: 1, runId: 1 },
    async deleteDue(page, { olderThan }) {
      const byFile = new Map(page.map((line) => [line.fileId, line]));
      let deleted = 0;
      for (const { fileId, runId } of byFile.values()) {
        const isNeeded = (await quarantine.hasOpenSince({ fileId, since: olderThan })) || (await isRunActive(runId));
        if (!isNeeded) deleted += await quarantine.deleteByFile(fileId);
      }
      return deleted;
    },
  });
}
