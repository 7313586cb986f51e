import { isResourceType } from '@bulkhead/fhir';
import type { Connection as Database } from 'mongoose';

/** The resource types that have a collection, in the order of their names. */
export async function listResourceTypes(database: Database): Promise<string[]> {
  const collections = (await database.db?.listCollections({}, { nameOnly: true }).toArray()) ?? [];
  return collections
    .map(({ name }) => name)
    .filter(isResourceType)
    .toSorted();
}
