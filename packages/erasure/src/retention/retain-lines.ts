import type { QuarantineRepository } from '@bulkhead/quarantine';
import type { Connection as Database } from 'mongoose';
import { endOf, RetentionPass, type RetentionStep } from './retention-pass.ts';

interface OldLine {
  readonly _id: string;
  readonly fileId: string;
  readonly exportId: string;
}

interface LineOptions {
  readonly database: Database;
  readonly quarantine: QuarantineRepository;
}

/** Deletes quarantined lines that were stored later. Their content is in the stored resources. */
export function retainReplayedLines({ database, quarantine }: LineOptions): RetentionStep {
  const pass = new RetentionPass({ database, kind: 'replayed-line' });
  return async (request) => {
    const { olderThan, limit } = request;
    return pass.advance(request, async (after) => {
      const old = { state: 'replayed', 'replay.at': { $lt: olderThan } };
      const page = await findPage(database, { after, old, limit });
      const deleted = await quarantine.deleteReplayed(page.map(({ _id }) => _id));
      return { deleted, last: endOf(page, limit) };
    });
  };
}

/**
 * Deletes lines that were never stored. All lines of a file are deleted together, when the youngest is due, because a replay computes
 * the counts of the file from its remaining lines. The counts of the export still include the deleted lines.
 */
export function retainOpenLines({ database, quarantine }: LineOptions): RetentionStep {
  const pass = new RetentionPass({ database, kind: 'quarantined-line' });
  const isNeeded = async ({ fileId, exportId }: OldLine, olderThan: Date): Promise<boolean> => {
    const younger = { fileId, state: 'open', createdAt: { $gte: olderThan } };
    if (await database.collection('quarantine').findOne(younger)) return true;
    const active = { _id: exportId, active: true } as never;
    return (
      (await database.collection('bulk_exports').findOne(active)) !== null ||
      (await database.collection('sync_runs').findOne(active)) !== null
    );
  };
  return async (request) => {
    const { olderThan, limit } = request;
    return pass.advance(request, async (after) => {
      const old = { state: 'open', createdAt: { $lt: olderThan } };
      const page = await findPage(database, { after, old, limit });
      const byFile = new Map(page.map((line) => [line.fileId, line]));
      let deleted = 0;
      for (const line of byFile.values()) {
        if (!(await isNeeded(line, olderThan))) deleted += await quarantine.deleteByFile(line.fileId);
      }
      return { deleted, last: endOf(page, limit) };
    });
  };
}

function findPage(
  database: Database,
  { after, old, limit }: { readonly after: string; readonly old: object; readonly limit: number },
): Promise<OldLine[]> {
  return database
    .collection<OldLine>('quarantine')
    .find({ _id: { $gt: after }, ...old } as never, { projection: { fileId: 1, exportId: 1 } })
    .sort({ _id: 1 })
    .limit(limit)
    .toArray();
}
