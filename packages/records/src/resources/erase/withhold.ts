/*
 * What the resource writer does with resources of patients whom a connection keeps out. It does not store them, and nothing of them stays:
 *
 * - A version that was stored before, such as one that the EHR has since corrected from another patient to this one, is replaced by an entry.
 * - The Binaries of the resource are kept out, and erased if they are stored already. Whichever is written first: the writer of a Binary reads
 *   the list also after it has stored the Binary, and the writer of the resource erases the Binary after it has changed the list.
 */

import { linkedBinaries } from '@bulkhead/fhir';
import type { Database, KeptOutList } from '@bulkhead/store';
import { resourceError } from '../errors.ts';
import { notErased } from '../version/changed-since.ts';
import { patientsOfDocument, type ResourceDocument } from '../version/resource-document.ts';
import { compareVersions, type ResourceVersion } from '../version/resource-version.ts';
import { type ErasableDocument, eraseBinaries, eraseResources } from './erased-resources.ts';
import type { KeptOutRepository } from './kept-out.repository.ts';

/** The part of the repository that the writer needs. */
export type KeptOutStore = Pick<KeptOutRepository, 'add' | 'findBinaries'>;

/** @returns the documents of patients who are kept out, and of their Binaries */
export async function findRefused(options: {
  readonly keptOutStore: KeptOutStore;
  readonly keptOut: KeptOutList | undefined;
  readonly resourceType: string;
  readonly documents: readonly ResourceDocument[];
}): Promise<ReadonlySet<ResourceDocument>> {
  const { keptOutStore, keptOut, resourceType, documents } = options;
  const binaryIds = new Set(resourceType === 'Binary' ? await findKeptOutBinaries(keptOutStore, documents) : []);
  const isOfPatient = (document: ResourceDocument) =>
    keptOut !== undefined && keptOutPatientsOf(keptOut, resourceType, document).length > 0;
  return new Set(documents.filter((document) => binaryIds.has(document.resourceId) || isOfPatient(document)));
}

/** The patients who are kept out and to whom a resource or tombstone belongs. */
function keptOutPatientsOf(keptOut: KeptOutList, resourceType: string, document: ResourceDocument): string[] {
  // A Patient who is only linked with another one is not withheld.
  const patients = resourceType === 'Patient' ? [document.resourceId] : patientsOfDocument(document);
  return patients.filter((patientId) => keptOut.hasPatient(patientId));
}

/** In each round that is lost, another writer has made progress. */
const maxRounds = 20;

/**
 * Erases what is stored of resources that are not to be stored, and keeps their Binaries out.
 * @param options.documents the newest version of each resource, then earlier ones
 */
export async function withhold(options: {
  readonly database: Database;
  readonly keptOutStore: KeptOutStore;
  readonly keptOut: KeptOutList | undefined;
  readonly resourceType: string;
  readonly documents: readonly ResourceDocument[];
}): Promise<void> {
  const { database, keptOut, resourceType } = options;
  let documents = options.documents;
  for (let round = 0; documents.length > 0; round++) {
    if (round === maxRounds) throw resourceError('write-contention', { context: { resourceType } });
    const stored = await readStored(database, resourceType, documents);
    const replaced = new Map<string, Stored>();
    // An older version of a resource that is another patient's by now says nothing about its Binaries.
    const current = documents.filter((document) => isCurrent(resourceType, document, stored.get(document._id)));
    for (const document of current) {
      const version = stored.get(document._id);
      if (version && !replaced.has(document._id)) replaced.set(document._id, { ...version, newer: document });
      const binaryIds = allBinaryIds(document, version);
      const [patientId] = keptOut ? keptOutPatientsOf(keptOut, resourceType, document) : [];
      if (binaryIds.length > 0 && patientId !== undefined)
        await withholdBinaries(options, { document, patientId, binaryIds });
    }
    const [first] = documents;
    const { connectionId } = first as ResourceDocument;
    const erased = await eraseResources({ database, connectionId, resourceType, documents: [...replaced.values()] });
    if (erased === replaced.size) return;
    documents = documents.filter(({ _id }) => replaced.has(_id));
  }
}

function allBinaryIds(document: ResourceDocument, version: Stored | undefined): readonly string[] {
  return [...new Set([...linkedBinaries(document.resource), ...(version?.binaryIds ?? [])])];
}

async function withholdBinaries(
  { database, keptOutStore }: { readonly database: Database; readonly keptOutStore: KeptOutStore },
  options: { readonly document: ResourceDocument; readonly patientId: string; readonly binaryIds: readonly string[] },
): Promise<void> {
  const { document, patientId, binaryIds: ids } = options;
  const { connectionId, storedAt: now } = document;
  const known = new Set(await keptOutStore.findBinaries({ connectionId, ids }));
  const added = ids.filter((id) => !known.has(id));
  if (added.length > 0) await keptOutStore.add({ connectionId, patientId, binaryIds: added, now });
  // Also those that are known: a process may have been killed before it erased them.
  await eraseBinaries({ database, connectionId, ids });
}

/** Erases Binaries that were stored while another process wrote that they are kept out. */
export async function eraseKeptOutBinaries(options: {
  readonly database: Database;
  readonly keptOutStore: KeptOutStore;
  readonly documents: readonly ResourceDocument[];
}): Promise<void> {
  const { database, keptOutStore, documents } = options;
  const ids = await findKeptOutBinaries(keptOutStore, documents);
  await eraseBinaries({ database, connectionId: documents[0]?.connectionId ?? '', ids });
}

/** Asks the database, because these lists change with every withheld resource, and the rules of the process are up to two seconds old. */
async function findKeptOutBinaries(
  keptOutStore: KeptOutStore,
  documents: readonly ResourceDocument[],
): Promise<readonly string[]> {
  const [first] = documents;
  if (first === undefined) return [];
  const ids = documents.map(({ resourceId }) => resourceId);
  return keptOutStore.findBinaries({ connectionId: first.connectionId, ids });
}

/** Without its content, because a batch can have hundreds of megabytes. */
type Stored = ErasableDocument & ResourceVersion & { readonly binaryIds: readonly string[] };

async function readStored(
  database: Database,
  resourceType: string,
  documents: readonly ResourceDocument[],
): Promise<ReadonlyMap<string, Stored>> {
  const filter = { _id: { $in: documents.map(({ _id }) => _id) }, ...notErased };
  const found = database
    .collection<Omit<Stored, 'binaryIds'> & { readonly resource?: unknown }>(resourceType)
    .find(filter);
  const stored = new Map<string, Stored>();
  for await (const { resource, ...version } of found)
    stored.set(version._id, { ...(version as Omit<Stored, 'binaryIds'>), binaryIds: linkedBinaries(resource) });
  return stored;
}

/** The id of a Patient or a Binary is always the same person's. Another resource can be another patient's in a newer version. */
function isCurrent(resourceType: string, document: ResourceDocument, stored: Stored | undefined): boolean {
  if (stored === undefined || resourceType === 'Patient' || resourceType === 'Binary') return true;
  return compareVersions(document, stored) !== 'older';
}
