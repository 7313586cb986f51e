/**
 * The search parameters of FHIR R4 (https://hl7.org/fhir/R4/searchparameter-registry.html) that are compared. Both servers get the same URL, so
 * what Bulkhead adds under a name of its own is not compared.
 */
const dateParameters = [
  ...['authored', 'authored-on', 'authoredon', 'birthdate', 'created', 'date', 'datetime', 'datewritten', 'effective'],
  ...['effective-time', 'issued', 'period', 'recorded', 'sent', 'start', 'start-date', 'started', 'whenhandedover'],
] as const;
const referenceParameters = ['patient', 'subject'] as const;

export type ParameterName =
  | '_id'
  | '_lastUpdated'
  | (typeof dateParameters)[number]
  | (typeof referenceParameters)[number]
  | 'code'
  | 'vaccine-code'
  | 'service-type'
  | 'category'
  | 'status'
  | 'clinical-status'
  | 'lifecycle-status'
  | 'identifier'
  | 'name'
  | 'family'
  | 'given'
  | 'address'
  | 'gender'
  | 'intent'
  | 'type'
  | 'specialty'
  | 'practitioner';

/** The parameters that compare a date, besides `_lastUpdated`. */
export const dateNames: readonly ParameterName[] = dateParameters;
/** The parameters that compare a reference. */
export const referenceNames: readonly ParameterName[] = referenceParameters;
