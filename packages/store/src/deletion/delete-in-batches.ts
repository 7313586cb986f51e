import type { Database, Named } from '../connection/database.ts';
import { batchSize } from '../queries/in-batches.ts';
import { amountsOf, type DataAmounts, sumAmounts } from '../records/data-amounts.ts';

export interface ErasurePass {
  readonly signal: AbortSignal;
  /** Called with the deleted amounts after each batch. */
  readonly onDeleted: (amounts: DataAmounts) => Promise<void>;
}

export interface ConnectionPass extends ErasurePass {
  readonly connectionId: string;
  /** Whether no process can write any longer for the connection. */
  readonly isLast: boolean;
}

/** Deletes the documents that match a filter, in batches, in the order of ids. @returns how many */
export async function deleteInBatches<Record extends Named>(
  { database, signal, onDeleted }: Pick<ConnectionPass, 'signal' | 'onDeleted'> & { readonly database: Database },
  options: {
    readonly collection: string;
    readonly filter: object;
    readonly projection?: object;
    /** Called before the documents of a page are deleted. */
    readonly before?: (page: readonly Record[]) => Promise<void>;
    readonly count: (deleted: number, page: readonly Record[]) => Partial<DataAmounts>;
  },
): Promise<number> {
  const { filter, projection, before, count } = options;
  const collection = database.collection<Named>(options.collection);
  let deleted = 0;
  for (let after = ''; ; ) {
    signal.throwIfAborted();
    const page = (await collection
      .find({ $and: [filter, { _id: { $gt: after } }] }, { projection: { _id: 1, ...projection } })
      .sort({ _id: 1 })
      .limit(batchSize)
      .toArray()) as unknown as Record[];
    const last = page.at(-1);
    if (!last) return deleted;
    await before?.(page);
    const { deletedCount } = await collection.deleteMany({ _id: { $in: page.map(({ _id }) => _id) } });
    deleted += deletedCount;
    await onDeleted(amountsOf(count(deletedCount, page)));
    after = last._id;
  }
}

/** Records of a connection that are deleted without looking at them. */
interface OwnedRecords {
  readonly collection: string;
  /** The name of the kind in counts. */
  readonly kind: string;
  readonly ofConnection: (connectionId: string) => object;
  /** Whether they are counted before an erasure. The others are details of the records that are. */
  readonly isCounted?: boolean;
}

/** The parts of `FeatureData` for records that are deleted without looking at them, in this order. */
export function ownedRecords(database: Database, owned: readonly OwnedRecords[]) {
  return {
    async countOfConnection(connectionId: string): Promise<DataAmounts> {
      const counts = owned
        .filter(({ isCounted }) => isCounted)
        .map(async ({ collection, kind, ofConnection }) => {
          const count = await database.collection(collection).countDocuments(ofConnection(connectionId));
          return amountsOf({ records: { [kind]: count } });
        });
      return sumAmounts(await Promise.all(counts));
    },

    async eraseConnection(pass: ConnectionPass): Promise<number> {
      let deleted = 0;
      for (const { collection, kind, ofConnection } of owned) {
        const filter = ofConnection(pass.connectionId);
        const count = (records: number) => ({ records: { [kind]: records } });
        deleted += await deleteInBatches({ ...pass, database }, { collection, filter, count });
      }
      return deleted;
    },
  };
}
