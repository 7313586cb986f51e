import {
  allPatientsOf,
  maxListedPatients,
  type Resource,
  readAttachments,
  referencedId,
  typesWithAttachments,
} from '@bulkhead/fhir';
import { type PatientOfConnection, pagesOf } from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';
import { type ErasableDocument, erasableFields, notErased } from './erased-resources.ts';

export interface ResourceOfPatient extends ErasableDocument {
  readonly keys?: { readonly patient?: string | readonly string[] };
  /** Present for types with attachments. */
  readonly resource?: Resource;
}

/** Resources of these types can have more patients than their keys list. They are found by reading the whole resource. */
const typesOfManyPatients = ['Group', 'AuditEvent', 'Provenance'];

/** Yields the resources of a type that are in the patient's compartment (FHIR R4), in batches. */
export async function* findOfPatient(
  database: Database,
  { resourceType, connectionId, patientId }: PatientOfConnection & { readonly resourceType: string },
): AsyncGenerator<ResourceOfPatient[]> {
  const collection = database.collection<ResourceOfPatient>(resourceType);
  const hasContent = typesWithAttachments.includes(resourceType);
  const projection = { ...erasableFields, 'keys.patient': 1, ...(hasContent ? { resource: 1 } : {}) };
  const patientFilters = resourceType === 'Patient' ? [{ _id: `${connectionId}/${patientId}`, ...notErased }] : [];
  for (const filter of [{ connectionId, 'keys.patient': patientId }, ...patientFilters])
    yield* pagesOf(collection.find<ResourceOfPatient>(filter, { projection, batchSize: 125 }));
  if (!typesOfManyPatients.includes(resourceType)) return;
  const crowded = { connectionId, [`keys.patient.${maxListedPatients - 1}`]: { $exists: true } };
  const resources: ResourceOfPatient[] = [];
  const whole = { projection: { ...projection, resource: 1 }, batchSize: 1 };
  for await (const { resource, ...stored } of collection.find<ResourceOfPatient>(crowded, whole)) {
    if (resource && allPatientsOf(resource).includes(patientId)) resources.push(stored);
  }
  yield* pagesOf(resources);
}

/** The Binaries that contain the attachments of these resources. A Binary itself does not say whose data it contains. */
export function binariesOf(resources: readonly ResourceOfPatient[]): string[] {
  return resources.flatMap(({ resource }) =>
    // A URL may have a query, such as a version or a token.
    readAttachments(resource ?? {}).flatMap(({ url }) => referencedId(url?.split(/[?#]/)[0], 'Binary') ?? []),
  );
}
