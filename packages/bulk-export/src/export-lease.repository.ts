import type { Connection as Database } from 'mongoose';

/** One attempt's right to do a step of an export. */
export interface ExportLease {
  readonly id: string;
  readonly owner: string;
  readonly durationMs: number;
}

/** Of `bulk_exports`: one attempt at a time. A lease ends by the database's clock: those of the workers may be set. */
export function createExportLeaseRepository(database: Database) {
  // A function, since a collection is there once the database is connected.
  const exports = () => database.collection<{ _id: string }>('bulk_exports');
  const set = async (filter: object, { owner, durationMs }: Omit<ExportLease, 'id'>): Promise<boolean> => {
    const until = { $dateAdd: { startDate: '$$NOW', unit: 'millisecond', amount: durationMs } };
    const result = await exports().updateOne(filter, [{ $set: { lease: { owner, until } } }]);
    return result.matchedCount === 1;
  };
  return {
    /**
     * Takes the right to do one step of an export, so that two jobs do not both ask the server.
     * @returns false while a lease runs.
     */
    takeLease({ id, ...lease }: ExportLease): Promise<boolean> {
      const hasEnded = { $expr: { $lte: ['$lease.until', '$$NOW'] } };
      return set({ _id: id, $or: [{ lease: null }, hasEnded] }, lease);
    },

    /** Only one's own: a prolongation that comes after the release must not take it again. */
    extendLease: ({ id, ...lease }: ExportLease): Promise<boolean> =>
      set({ _id: id, 'lease.owner': lease.owner }, lease),

    async releaseLease({ id, owner }: Pick<ExportLease, 'id' | 'owner'>): Promise<void> {
      await exports().updateOne({ _id: id, 'lease.owner': owner }, { $unset: { lease: 1 } });
    },
  };
}
