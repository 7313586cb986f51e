import { maxListedPatients, patientsOf, type Resource } from '@bulkhead/fhir';

/** A value of `patients` that means any patient of the connection, including those that are not listed. */
export const anyPatient = '*';

/**
 * The patients whose data a resource shows, for the audit log. Returns `anyPatient` if the resource is about a patient that it does not
 * name by an id, or about more patients than are listed.
 */
export function patientsShown(resource: Resource): readonly string[] {
  const ids = patientsOf(resource);
  if (ids.length >= maxListedPatients) return [anyPatient];
  if (ids.length > 0) return ids;
  return resource.subject === undefined && resource.patient === undefined ? [] : [anyPatient];
}
