import { allPatientsOf, linkedBinaries, maxListedPatients, type Resource, securityContextToken } from '@bulkhead/fhir';
import { type Database, type Named, type PatientOfConnection, pagesOf, toBatches } from '@bulkhead/store';
import { notErased } from '../version/changed-since.ts';
import { type ErasableDocument, erasableFields } from './erased-resources.ts';

export interface ResourceOfPatient extends ErasableDocument {
  readonly patients: readonly string[];
  /** The Binaries that the resource refers to. */
  readonly binaryIds: readonly string[];
}

interface StoredResource extends ErasableDocument {
  readonly keys?: { readonly patient?: string | readonly string[] };
  readonly resource?: Resource;
}

/** Resources of these types can have more patients than their keys list. They are found by reading the whole resource. */
const typesOfManyPatients = ['Group', 'AuditEvent', 'Provenance'];

/**
 * Yields the resources of a type that are in the patient's compartment (FHIR R4), in batches. A Patient who is only linked with this one, as
 * after a merge, is another patient.
 */
export async function* findOfPatient(
  database: Database,
  { resourceType, connectionId, patientId }: PatientOfConnection & { readonly resourceType: string },
): AsyncGenerator<ResourceOfPatient[]> {
  const collection = database.collection<StoredResource>(resourceType);
  const options = { projection: { ...erasableFields, 'keys.patient': 1, resource: 1 }, batchSize: 125 };
  const filter =
    resourceType === 'Patient'
      ? { _id: `${connectionId}/${patientId}`, ...notErased }
      : { connectionId, 'keys.patient': patientId };
  yield* pagesOf(mapped(collection.find<StoredResource>(filter, options), toResourceOfPatient));
  if (!typesOfManyPatients.includes(resourceType)) return;
  const crowded = { connectionId, [`keys.patient.${maxListedPatients - 1}`]: { $exists: true } };
  const resources: ResourceOfPatient[] = [];
  for await (const stored of collection.find<StoredResource>(crowded, { ...options, batchSize: 1 })) {
    if (stored.resource && allPatientsOf(stored.resource).includes(patientId))
      resources.push(toResourceOfPatient(stored));
  }
  yield* pagesOf(resources);
}

async function* mapped<Item, Result>(items: AsyncIterable<Item>, map: (item: Item) => Result): AsyncGenerator<Result> {
  for await (const item of items) yield map(item);
}

/** Without its content, so that a page of large resources needs little memory. */
function toResourceOfPatient({ keys, resource, ...stored }: StoredResource): ResourceOfPatient {
  return { ...stored, patients: [keys?.patient ?? []].flat(), binaryIds: linkedBinaries(resource) };
}

/**
 * The Binaries of resources: those that they refer to, and those that name one of them as their security context. A Binary itself does not
 * say whose data it contains.
 */
export async function findBinaries(
  database: Database,
  options: {
    readonly connectionId: string;
    readonly resourceType: string;
    readonly resources: readonly Pick<ResourceOfPatient, 'resourceId' | 'binaryIds'>[];
  },
): Promise<string[]> {
  const { connectionId, resourceType, resources } = options;
  const ids = new Set(resources.flatMap(({ binaryIds }) => binaryIds));
  for (const page of toBatches(resources)) {
    const tokens = page.map(({ resourceId }) => securityContextToken(`${resourceType}/${resourceId}`));
    const inContext = { connectionId, 'keys.tokens': { $in: tokens } };
    const found = database
      .collection<Named & { readonly resourceId: string }>('Binary')
      .find(inContext, { projection: { resourceId: 1 } });
    for await (const { resourceId } of found) ids.add(resourceId);
  }
  return [...ids];
}
