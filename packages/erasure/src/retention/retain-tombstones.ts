import { listResourceTypes } from '@bulkhead/resources';
import mongoose, { type Connection as Database } from 'mongoose';
import { RetentionPass, type RetentionStep } from './retention-pass.ts';

/** The index has the time of a deletion. It is at most a day later than the time at which the tombstone was stored. */
const toleratedFutureMs = 24 * 60 * 60_000;

/**
 * Deletes tombstones. Without its tombstone, an old copy of a deleted resource would be stored again. So a tombstone is kept while an
 * export, a sync run or a quarantined line of its connection could still contain such a copy.
 */
export function retainTombstones(database: Database): RetentionStep {
  const pass = passOver(database);

  const deleteOf = async (range: {
    readonly resourceType: string;
    readonly connectionId: string;
    readonly storedBefore: Date;
    readonly limit: number;
  }): Promise<number> => {
    const { resourceType, connectionId, storedBefore, limit } = range;
    const collection = database.collection(resourceType);
    const latest = new Date(storedBefore.getTime() + toleratedFutureMs);
    // Histories compare the time of the database. The clock of the worker that stored the tombstone may have been behind.
    const changedSince = { $gte: new mongoose.mongo.Timestamp({ t: Math.floor(storedBefore.getTime() / 1000), i: 0 }) };
    const old = {
      ...{ connectionId, deleted: true, lastUpdated: { $lt: latest } },
      ...{ storedAt: { $lt: storedBefore }, changedAt: { $not: changedSince } },
    };
    const page = await collection
      .find(old, { projection: { _id: 1 } })
      .hint('by-last-updated')
      .limit(limit)
      .toArray();
    // The filter again: a resource that was recreated in the meantime is no longer a tombstone.
    return (await collection.deleteMany({ _id: { $in: page.map(({ _id }) => _id) }, ...old })).deletedCount;
  };

  /** Each call handles one connection. A connection with more than `limit` tombstones takes several calls. */
  return async (request) => {
    const { olderThan, limit } = request;
    return pass.advance(request, async (after) => {
      const connection = await database
        .collection<{ readonly _id: string }>('connections')
        .find({ _id: { $gt: after } }, { projection: { _id: 1 } })
        .sort({ _id: 1 })
        .limit(1)
        .next();
      if (!connection) return { deleted: 0, last: undefined };
      const { _id: connectionId } = connection;
      const pending = await oldestPending(database, connectionId);
      const storedBefore = pending && pending < olderThan ? pending : olderThan;
      let deleted = 0;
      await pass.noteDeletedBefore(storedBefore);
      for (const resourceType of await listResourceTypes(database)) {
        deleted += await deleteOf({ resourceType, connectionId, storedBefore, limit: limit - deleted });
        if (deleted >= limit) return { deleted, last: after };
      }
      return { deleted, last: connectionId };
    });
  };
}

/** @returns the time before which deletions may have no tombstone. Undefined if all have one */
export function readTombstonesDeletedBefore(database: Database): Promise<Date | undefined> {
  return passOver(database).readDeletedBefore();
}

function passOver(database: Database): RetentionPass {
  return new RetentionPass({ database, kind: 'tombstone' });
}

/** The start of the oldest export or sync run that can still store data, because it is active, can be retried, or has quarantined lines. */
async function oldestPending(database: Database, connectionId: string): Promise<Date | undefined> {
  const withLines = await database.collection('quarantine').distinct('exportId', { connectionId, state: 'open' });
  const pending = [
    { active: true },
    { phase: { $in: ['failed', 'partial'] } },
    { 'counts.filesFailed': { $gt: 0 } },
    { _id: { $in: withLines } },
  ];
  const begun = await Promise.all(
    ['bulk_exports', 'sync_runs'].map((name) =>
      database
        .collection<{ readonly createdAt: Date }>(name)
        .find({ connectionId, $or: pending } as never, { projection: { createdAt: 1 } })
        .sort({ createdAt: 1 })
        .limit(1)
        .next(),
    ),
  );
  const times = begun.flatMap((record) => (record ? [record.createdAt.getTime()] : []));
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}
