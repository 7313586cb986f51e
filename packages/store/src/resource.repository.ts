import { isResourceType } from '@bulkhead/fhir';
import type { Connection as Database } from 'mongoose';
import { decodeExactNumbers, type NumberText } from './exact-number-codec.ts';

/** Reads stored resources: one collection per resource type, named after it. */
export function createResourceRepository(database: Database) {
  return {
    /** The current resources of a connection and type, as received; tombstones left out. Memory stays flat. */
    async *stream({ connectionId, resourceType }: { readonly connectionId: string; readonly resourceType: string }) {
      const cursor = database
        .collection(resourceType)
        .find({ connectionId, deleted: false }, { projection: { _id: 0, resource: 1, numberTexts: 1 } });
      for await (const { resource, numberTexts } of cursor) {
        yield decodeExactNumbers(resource, numberTexts as NumberText[] | undefined);
      }
    },

    /** One resource as received; `deleted`: there is a tombstone in its place. */
    async read(which: {
      readonly connectionId: string;
      readonly resourceType: string;
      readonly resourceId: string;
    }): Promise<{ readonly deleted: boolean; readonly resource: unknown } | undefined> {
      const { connectionId, resourceType, resourceId } = which;
      const document = await database
        .collection(resourceType)
        .findOne(
          { _id: `${connectionId}/${resourceId}` as never },
          { projection: { _id: 0, deleted: 1, resource: 1, numberTexts: 1 } },
        );
      if (!document) return undefined;
      const { deleted, resource, numberTexts } = document;
      return { deleted, resource: decodeExactNumbers(resource, numberTexts as NumberText[] | undefined) };
    },

    /** Ids of the current resources of a connection and type, in their order. */
    async listIds(which: { readonly connectionId: string; readonly resourceType: string }): Promise<string[]> {
      const { connectionId, resourceType } = which;
      const documents = await database
        .collection(resourceType)
        .find({ connectionId, deleted: false }, { projection: { _id: 0, resourceId: 1 } })
        .toArray();
      return documents.map(({ resourceId }) => resourceId as string).toSorted();
    },

    /** How many current resources a connection has, per type that has any. */
    async countByType(connectionId: string): Promise<Readonly<Record<string, number>>> {
      const collections = (await database.db?.listCollections({}, { nameOnly: true }).toArray()) ?? [];
      const types = collections.map(({ name }) => name).filter(isResourceType);
      const counts: Record<string, number> = {};
      for (const type of types.toSorted()) {
        const count = await database.collection(type).countDocuments({ connectionId, deleted: false });
        if (count > 0) counts[type] = count;
      }
      return counts;
    },
  };
}
