import { isOfPatient, listMentionedPatients, type Resource } from '@bulkhead/fhir';
import { amountsOf, type DataAmounts, type Database, type Named, type PatientOfConnection } from '@bulkhead/store';
import mongoose from 'mongoose';
import { listResourceTypes } from '../resource-collections.ts';
import { decodeDocument } from '../version/document-lines.ts';

/*
 * FHIR assigns a resource to a patient by few of its elements. Another one can mention the patient as well: in another element, such as
 * `Observation.focus` and `Provenance.agent.who`, by an identifier instead of a reference, or in its text. No index finds those.
 */

/**
 * Counts the resources that mention a patient and are not the patient's.
 * @param options.timeLimitMs after which the others are counted as `uncheckedResources`
 */
export async function countMentions(
  database: Database,
  { connectionId, patientId }: PatientOfConnection,
  { timeLimitMs }: { readonly timeLimitMs: number },
): Promise<DataAmounts> {
  const endsAt = performance.now() + timeLimitMs;
  const identifiers = await identifiersOf(database, `${connectionId}/${patientId}`);
  const counts = { mentioningResources: 0, uncheckedResources: 0 };
  const stored = { connectionId, deleted: false };
  for (const type of await listResourceTypes(database)) {
    const collection = database.collection(type);
    let checked = 0;
    // The bytes are searched first. To read each document would take ten times as long.
    for await (const bytes of collection.find(stored, {
      raw: true,
    }) as AsyncIterable<unknown> as AsyncIterable<Buffer>) {
      if (performance.now() > endsAt) break;
      checked += 1;
      if (![patientId, ...identifiers].some((text) => bytes.includes(text))) continue;
      const resource = decodeDocument(mongoose.mongo.BSON.deserialize(bytes)) as Resource;
      const isCounted =
        !isOfPatient(resource, (id) => id === patientId) && mentions(resource, { patientId, identifiers });
      if (isCounted) counts.mentioningResources += 1;
    }
    if (performance.now() > endsAt)
      counts.uncheckedResources += Math.max((await collection.countDocuments(stored)) - checked, 0);
  }
  return amountsOf({ records: counts });
}

/** The values of the identifiers of a stored Patient. */
async function identifiersOf(database: Database, id: string): Promise<string[]> {
  const patient = await database.collection<Named & { readonly resource?: Resource }>('Patient').findOne({ _id: id });
  return valuesOf(patient?.resource?.identifier);
}

function valuesOf(identifiers: unknown): string[] {
  return [identifiers ?? []].flat().flatMap((identifier) => {
    const { value } = (identifier ?? {}) as { readonly value?: unknown };
    return typeof value === 'string' && value !== '' ? [value] : [];
  });
}

function mentions(
  resource: unknown,
  { patientId, identifiers }: { readonly patientId: string; readonly identifiers: readonly string[] },
): boolean {
  if (listMentionedPatients(Buffer.from(JSON.stringify(resource))).has(patientId)) return true;
  return identifiers.length > 0 && hasLogicalReference(resource, identifiers);
}

/** Whether a resource refers to a patient by one of these identifiers: https://hl7.org/fhir/R4/references.html#logical. */
function hasLogicalReference(resource: unknown, identifiers: readonly string[]): boolean {
  const nodes: unknown[] = [resource];
  while (nodes.length > 0) {
    const node = nodes.pop();
    if (typeof node !== 'object' || node === null) continue;
    const { type = 'Patient', identifier } = node as { readonly type?: unknown; readonly identifier?: unknown };
    if (
      type === 'Patient' &&
      !Array.isArray(identifier) &&
      valuesOf(identifier).some((value) => identifiers.includes(value))
    )
      return true;
    for (const value of Object.values(node)) nodes.push(value);
  }
  return false;
}
