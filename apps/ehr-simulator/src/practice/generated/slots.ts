/**
 * The variable parts of a generated resource. Templates name them as `{{slot}}` inside a string, or as a whole string
 * `{{#slot}}` for a number. All are JSON-escaped already.
 */
export const slotNames = [
  'id',
  'practiceId',
  'organizationId',
  'fhirBase',
  'versionId',
  'lastUpdated',
  'patientId',
  'given',
  'family',
  'gender',
  'birthDate',
  'phone',
  'street',
  'city',
  'postalCode',
  'recordNumber',
  'encounterId',
  'practitionerId',
  'locationId',
  'binaryId',
  'day',
  'start',
  'end',
  'value',
  'value2',
  'note',
  'note2',
] as const;

export type SlotName = (typeof slotNames)[number];
export type Slots = Record<SlotName, string>;
