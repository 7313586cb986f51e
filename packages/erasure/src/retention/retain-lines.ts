import type { QuarantineRepository } from '@bulkhead/quarantine';
import type { Connection as Database } from 'mongoose';
import type { Named } from '../batches.ts';
import { RetentionPass, type RetentionStep } from './retention-pass.ts';

interface OldLine extends Named {
  readonly fileId: string;
  readonly exportId: string;
}

interface LineOptions {
  readonly database: Database;
  readonly quarantine: QuarantineRepository;
}

/** Deletes quarantined lines that were stored later. Their content is in the stored resources. */
export function retainReplayedLines({ database, quarantine }: LineOptions): RetentionStep {
  return new RetentionPass({ database, kind: 'replayed-line' }).stepOver({
    collection: 'quarantine',
    filter: (olderThan) => ({ state: 'replayed', 'replay.at': { $lt: olderThan } }),
    projection: { _id: 1 },
    deleteDue: (page) => quarantine.deleteReplayed(page.map(({ _id }) => _id)),
  });
}

/**
 * Deletes lines that were never stored. All lines of a file are deleted together, when the youngest is due, because a replay computes
 * the counts of the file from its remaining lines. The counts of the export still include the deleted lines.
 */
export function retainOpenLines({ database, quarantine }: LineOptions): RetentionStep {
  const isNeeded = async ({ fileId, exportId }: OldLine, olderThan: Date): Promise<boolean> => {
    const younger = { fileId, state: 'open', createdAt: { $gte: olderThan } };
    if (await database.collection('quarantine').findOne(younger)) return true;
    const active = { _id: exportId, active: true } as never;
    return (
      (await database.collection('bulk_exports').findOne(active)) !== null ||
      (await database.collection('sync_runs').findOne(active)) !== null
    );
  };
  return new RetentionPass({ database, kind: 'quarantined-line' }).stepOver<OldLine>({
    collection: 'quarantine',
    filter: (olderThan) => ({ state: 'open', createdAt: { $lt: olderThan } }),
    projection: { fileId: 1, exportId: 1 },
    async deleteDue(page, { olderThan }) {
      const byFile = new Map(page.map((line) => [line.fileId, line]));
      let deleted = 0;
      for (const line of byFile.values()) {
        if (!(await isNeeded(line, olderThan))) deleted += await quarantine.deleteByFile(line.fileId);
      }
      return deleted;
    },
  });
}
