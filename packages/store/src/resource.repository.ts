import type { Connection as Database } from 'mongoose';
import { decodeExactNumbers, type NumberText } from './exact-number-codec.ts';

export type ResourceRepository = ReturnType<typeof createResourceRepository>;

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

    /** Current resources per type, over all connections or one. */
    async count(options: { readonly resourceTypes: readonly string[]; readonly connectionId?: string }) {
      const { resourceTypes, connectionId } = options;
      const filter = { ...(connectionId === undefined ? {} : { connectionId }), deleted: false };
      const counts: Record<string, number> = {};
      for (const type of resourceTypes) counts[type] = await database.collection(type).countDocuments(filter);
      return counts;
    },
  };
}
