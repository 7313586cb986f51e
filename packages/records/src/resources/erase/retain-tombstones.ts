import { type Database, RetentionPass, type RetentionStep } from '@bulkhead/store';
import mongoose from 'mongoose';
import { listResourceTypes } from '../resource-collections.ts';

/** What the retention of tombstones needs to know of connections. */
export interface ConnectionsOfTombstones {
  /** When the oldest export or sync of a connection was created that can still store data. */
  readonly oldestPending: (connectionId: string) => Promise<Date | undefined>;
}

/**
 * Deletes tombstones. Without its tombstone, an old copy of a deleted resource would be stored again. So a tombstone is kept while an
 * export, a sync run or a quarantined line of its connection could still contain such a copy.
 */
export function retainTombstones(database: Database, { oldestPending }: ConnectionsOfTombstones): RetentionStep {
  const pass = passOver(database);

  /**
   * The first connection after another one that has a tombstone of this age, in the order of ids. One read for each type over all
   * connections: most of them have none.
   */
  const nextConnectionId = async (after: string, olderThan: Date): Promise<string | undefined> => {
    const ids: string[] = [];
    for (const resourceType of await listResourceTypes(database)) {
      const found = await database
        .collection<{ readonly connectionId: string }>(resourceType)
        .findOne(
          { deleted: true, connectionId: { $gt: after }, lastUpdated: { $lt: olderThan } },
          { hint: 'tombstones', sort: { connectionId: 1 }, projection: { _id: 0, connectionId: 1 } },
        );
      if (found) ids.push(found.connectionId);
    }
    return ids.toSorted()[0];
  };

  const deleteOf = async (range: {
    readonly resourceType: string;
    readonly connectionId: string;
    readonly storedBefore: Date;
    readonly limit: number;
  }): Promise<number> => {
    const { resourceType, connectionId, storedBefore, limit } = range;
    const collection = database.collection(resourceType);
    // Histories compare the time of the database. The clock of the worker that stored the tombstone may have been behind.
    const changedSince = { $gte: new mongoose.mongo.Timestamp({ t: Math.floor(storedBefore.getTime() / 1000), i: 0 }) };
    const old = {
      connectionId,
      deleted: true,
      lastUpdated: { $lt: storedBefore },
      storedAt: { $lt: storedBefore },
      changedAt: { $not: changedSince },
    };
    const page = await collection
      .find(old, { projection: { _id: 1 } })
      .hint('by-last-updated')
      .limit(limit)
      .toArray();
    if (page.length === 0) return 0;
    // The filter again: a resource that was recreated in the meantime is no longer a tombstone.
    return (await collection.deleteMany({ _id: { $in: page.map(({ _id }) => _id) }, ...old })).deletedCount;
  };

  /** Each call handles one connection. A connection with more than `limit` tombstones takes several calls. */
  return async (request) => {
    const { olderThan, limit } = request;
    return pass.advance(request, async (after) => {
      const connectionId = await nextConnectionId(after, olderThan);
      if (connectionId === undefined) return { deleted: 0, last: undefined };
      const pending = await oldestPending(connectionId);
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
