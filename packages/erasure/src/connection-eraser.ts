import type { DocumentContentRepository, StoredParts } from '@bulkhead/documents';
import { listResourceTypes } from '@bulkhead/resources';
import { type EncryptedFiles, idsBelow } from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';
import { batchSize, type Named, toBatches } from './batches.ts';
import { erasedCollections } from './collections.ts';
import { type DataAmounts, type NumbersByName, sumBytes, withoutZeros } from './erasure.record.ts';

export interface Batch {
  readonly connectionId: string;
  readonly signal: AbortSignal;
  /** Whether no process can write any longer for the connection. */
  readonly isLast: boolean;
  /** Called with the deleted amounts after each batch. */
  readonly onDeleted: (amounts: DataAmounts) => Promise<void>;
}

/**
 * Counts and deletes all stored data of a connection. A record is deleted after the records that depend on it. So if a pass is
 * interrupted, the next one finds everything that is left, beginning at the first remaining record.
 */
export function createConnectionEraser(options: {
  readonly database: Database;
  readonly quarantineFiles: EncryptedFiles;
  readonly contents: DocumentContentRepository;
}) {
  const { database, quarantineFiles, contents } = options;
  const collection = (name: string) => database.collection<Named>(name);

  /** Deletes the documents that match a filter, in batches. @returns how many */
  const deleteAll = async <Record extends Named>(
    name: string,
    filter: object,
    { signal, onDeleted }: Batch,
    work: {
      /** The default counts the records under the name of their kind. */
      readonly count?: (deleted: number, page: readonly Record[]) => DataAmounts;
      readonly before?: (page: readonly Record[]) => Promise<void>;
      readonly projection?: object;
    } = {},
  ): Promise<number> => {
    const { count = (records: number) => amounts({ records: { [kindOf(name)]: records } }) } = work;
    let deleted = 0;
    for (let after = ''; ; ) {
      signal.throwIfAborted();
      const page = (await collection(name)
        .find({ $and: [filter, { _id: { $gt: after } }] } as never, { projection: { _id: 1, ...work.projection } })
        .sort({ _id: 1 })
        .limit(batchSize)
        .toArray()) as unknown as Record[];
      const last = page.at(-1);
      if (!last) return deleted;
      await work.before?.(page);
      const ids = page.map(({ _id }) => _id);
      const { deletedCount } = await collection(name).deleteMany({ _id: { $in: ids } });
      deleted += deletedCount;
      await onDeleted(count(deletedCount, page));
      after = last._id;
    }
  };

  /** Deletes what carries the ids of these runs, before the runs themselves are deleted. */
  const deleteNamedAfter = async (runs: readonly Named[]): Promise<void> => {
    const ids = runs.map(({ _id }) => _id);
    await collection('quarantine_usage').deleteMany({ _id: { $in: ids } });
    await collection('idempotency_keys').deleteMany({ recordId: { $in: ids } } as never);
    for (const id of ids) await quarantineFiles.removeBelow(id);
  };

  /** The erasers of the collections whose records are found in this way. */
  const erasersOf = (how: 'connectionId' | 'prefix' | '_id', filterOf: (connectionId: string) => object) =>
    Object.entries(erasedCollections)
      .filter(([, rule]) => rule === how)
      .map(
        ([name]) =>
          (batch: Batch) =>
            deleteAll(name, filterOf(batch.connectionId), batch),
      );

  const erasers: readonly ((batch: Batch) => Promise<number>)[] = [
    ...erasersOf('connectionId', (connectionId) => ({ connectionId })),
    ...erasersOf('prefix', (connectionId) => ({ _id: idsBelow(connectionId) })),
    async (batch) => {
      let deleted = 0;
      for (const type of await listResourceTypes(database)) {
        deleted += await deleteAll<Named & { readonly deleted: boolean }>(
          type,
          { _id: idsBelow(batch.connectionId) },
          batch,
          {
            projection: { deleted: 1 },
            count: (_, page) => {
              const tombstones = page.filter((document) => document.deleted).length;
              return amounts({ resources: { [type]: page.length - tombstones }, records: { tombstones } });
            },
          },
        );
      }
      return deleted;
    },
    (batch) =>
      deleteAll<Named & { readonly progress?: StoredParts }>('documents', { connectionId: batch.connectionId }, batch, {
        projection: { progress: 1 },
        before: async (page) => {
          for (const { progress } of page) if (progress) await contents.remove(progress);
        },
      }),
    (batch) =>
      deleteAll<Named & StoredParts & { readonly sizeBytes: number }>(
        'document_contents',
        { _id: idsBelow(batch.connectionId) },
        batch,
        {
          projection: { upload: 1, parts: 1, sizeBytes: 1 },
          // The record of a content lists its parts, so it is deleted after them.
          before: async (page) => {
            for (const content of page) await contents.removeFiles(content);
          },
          count: (deleted, page) => ({
            ...amounts({ records: { documentContents: deleted } }),
            contentBytes: sumBytes(page),
          }),
        },
      ),
    (batch) =>
      deleteAll<Named & { readonly sealedFile?: string }>('quarantine', { connectionId: batch.connectionId }, batch, {
        projection: { sealedFile: 1 },
        before: async (page) => {
          for (const { _id, sealedFile } of page) if (sealedFile !== undefined) await quarantineFiles.removeOf(_id);
        },
      }),
    async ({ connectionId }) => {
      await contents.removeAllOf(connectionId);
      return 0;
    },
    // The files of quarantined lines are found through their runs, so the runs stay until no process can write such a file.
    ...(['bulk_exports', 'sync_runs'] as const).map((name) => async (batch: Batch) => {
      const filter = { connectionId: batch.connectionId };
      return batch.isLast ? deleteAll(name, filter, batch, { before: deleteNamedAfter }) : 0;
    }),
    (batch) => {
      const { connectionId } = batch;
      return deleteAll(
        'authorization_requests',
        { $or: [{ connectionId }, { 'result.connectionId': connectionId }] },
        batch,
      );
    },
    async ({ connectionId }) => {
      // If this was the only connection of a key, its list becomes empty. An absent list would allow all connections.
      const change = { $pull: { connectionIds: connectionId } };
      await database.collection('api_keys').updateMany({ connectionIds: connectionId }, change as never);
      await database.collection('answered_requests').deleteMany({ connectionId });
      return 0;
    },
    ...erasersOf('_id', (_id) => ({ _id })),
  ];

  return {
    /** Runs one pass over all collections. @returns how many records it deleted */
    async erase(batch: Batch): Promise<number> {
      let deleted = 0;
      for (const eraser of erasers) deleted += await eraser(batch);
      return deleted;
    },

    /** Counts what is stored. Every count uses an index. */
    async count(connectionId: string): Promise<DataAmounts> {
      const resources: Record<string, number> = {};
      let tombstones = 0;
      for (const type of await listResourceTypes(database)) {
        const countOf = (deleted: boolean) => collection(type).countDocuments({ connectionId, deleted } as never);
        resources[type] = await countOf(false);
        tombstones += await countOf(true);
      }
      const count = (name: string, filter: object) => collection(name).countDocuments(filter as never);
      const ofConnection = (name: string) => count(name, { connectionId });
      const inRuns = async (name: string, runs: string, field: string): Promise<number> => {
        let sum = 0;
        for (const ids of await idsOf(runs, connectionId)) sum += await count(name, { [field]: { $in: ids } });
        return sum;
      };
      const [content] = await database
        .collection('document_contents')
        .aggregate<{ readonly count: number; readonly bytes: number }>([
          { $match: { _id: idsBelow(connectionId) } },
          { $group: { _id: null, count: { $sum: 1 }, bytes: { $sum: '$sizeBytes' } } },
        ])
        .toArray();
      return {
        ...amounts({
          resources,
          records: {
            tombstones,
            documents: await ofConnection('documents'),
            documentContents: content?.count ?? 0,
            quarantinedLines: await ofConnection('quarantine'),
            exports: await ofConnection('bulk_exports'),
            exportFiles: await inRuns('output_files', 'bulk_exports', 'exportId'),
            syncRuns: await ofConnection('sync_runs'),
            syncSteps: await inRuns('sync_steps', 'sync_runs', 'runId'),
            crawlMarks: await count('crawl_marks', { _id: idsBelow(connectionId) }),
            watermarks: await count('watermarks', { _id: idsBelow(connectionId) }),
            schedules: await ofConnection('schedules'),
            webhookDeliveries: await ofConnection('webhook_deliveries'),
            keptOutPatients: await count('kept_out_patients', { _id: idsBelow(connectionId) }),
          },
        }),
        contentBytes: content?.bytes ?? 0,
      };
    },
  };

  /** The ids of a connection's runs, in batches. */
  async function idsOf(name: string, connectionId: string): Promise<string[][]> {
    const runs = await collection(name)
      .find({ connectionId } as never, { projection: { _id: 1 } })
      .toArray();
    return toBatches(runs.map(({ _id }) => _id));
  }
}

/** The kinds that are not named like their collections. */
const kinds: Readonly<Record<string, string>> = {
  output_files: 'exportFiles',
  bulk_exports: 'exports',
  quarantine: 'quarantinedLines',
};

function kindOf(collection: string): string {
  return kinds[collection] ?? collection.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Omits counts of zero. */
function amounts(counts: { readonly resources?: NumbersByName; readonly records?: NumbersByName }): DataAmounts {
  const { resources = {}, records = {} } = counts;
  return { resources: withoutZeros(resources), records: withoutZeros(records), contentBytes: 0 };
}
