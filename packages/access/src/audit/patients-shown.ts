import { maxListedPatients, patientsOf, type Resource } from '@bulkhead/fhir';

/** In `patients`: any patient of the connection, also those who are not listed. */
export const anyPatient = '*';

/**
 * Whose data a resource shows, for the audit log: the patients whose record it is part of. `anyPatient` stands in where it is about a
 * patient whom it does not name by an id, and for more than are listed.
 */
export function patientsShown(resource: Resource): readonly string[] {
  const ids = patientsOf(resource);
  if (ids.length >= maxListedPatients) return [anyPatient];
  if (ids.length > 0) return ids;
  return resource.subject === undefined && resource.patient === undefined ? [] : [anyPatient];
}
