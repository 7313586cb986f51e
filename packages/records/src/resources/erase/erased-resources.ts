import { type Database, maxWriteMs, toBatches, writeUnordered } from '@bulkhead/store';
import { changedNow, notErased } from '../version/changed-since.ts';
import type { ResourceVersion } from '../version/resource-version.ts';

/*
 * Readers who keep a copy learn of an erasure as they learn of a deletion, from the history. So the document of an erased resource is not
 * deleted but replaced by an entry that has its id and no content. The entry is kept as long as a tombstone and is never shown by a read,
 * a search or a count.
 */

/** A document that is replaced by an entry. */
export interface ErasableDocument {
  readonly _id: string;
  readonly resourceId: string;
  readonly revision: number;
  /** The version that is newer and is not stored. An older one must not be stored after it. Default: every version is stored. */
  readonly newer?: Pick<ResourceVersion, 'lastUpdated' | 'observedAt'>;
}
export const erasableFields = { resourceId: 1, revision: 1 } as const;

/**
 * Replaces documents by entries. A document that is written meanwhile stays for the next pass.
 * @returns how many were replaced
 */
export async function eraseResources(options: {
  readonly database: Database;
  readonly connectionId: string;
  readonly resourceType: string;
  readonly documents: readonly ErasableDocument[];
}): Promise<number> {
  const { database, connectionId, resourceType, documents } = options;
  if (documents.length === 0) return 0;
  const operations = documents.map(({ _id, resourceId, revision, newer = entry }) => {
    const { lastUpdated, observedAt } = newer;
    const replacement = { connectionId, resourceId, revision: revision + 1, ...entry, lastUpdated, observedAt };
    return { replaceOne: { filter: { _id, revision }, replacement } };
  });
  // Readers wait for this long until they read the changes of a time.
  const collection = database.collection(resourceType);
  const { matchedCount } = await writeUnordered(collection, operations, { maxTimeMS: maxWriteMs });
  return matchedCount;
}

/** @returns how many of these Binaries were stored, and how many of them were replaced */
export async function eraseBinaries(options: {
  readonly database: Database;
  readonly connectionId: string;
  readonly ids: readonly string[];
}): Promise<{ readonly found: number; readonly erased: number }> {
  const { database, connectionId, ids } = options;
  let [found, erased] = [0, 0];
  for (const batch of toBatches(ids)) {
    const documents = await database
      .collection<ErasableDocument>('Binary')
      .find(storedBinaries(connectionId, batch), { projection: erasableFields })
      .toArray();
    found += documents.length;
    erased += await eraseResources({ database, connectionId, resourceType: 'Binary', documents });
  }
  return { found, erased };
}

export function storedBinaries(connectionId: string, ids: readonly string[]) {
  return { _id: { $in: ids.map((id) => `${connectionId}/${id}`) }, ...notErased };
}

const longAgo = new Date(0);
/** It is a tombstone of the distant past, so that every version that is received later is newer, and so that it is deleted with old tombstones. */
const entry = {
  deleted: true,
  erased: true,
  subsetted: false,
  contentHash: '',
  keys: {},
  lastUpdated: longAgo,
  observedAt: longAgo,
  storedAt: longAgo,
  ...changedNow,
};
