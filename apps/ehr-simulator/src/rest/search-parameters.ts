import { OutcomeError } from '../http/outcome.ts';
import type { Simulator } from '../simulator.ts';

/** The parameters of one search. A name may occur several times, and a value may be a comma-separated list. */
export type SearchParameters = ReadonlyMap<string, readonly string[]>;

export function parseSearchParameters(url: string): SearchParameters {
  const parameters = new Map<string, string[]>();
  for (const [name, value] of new URL(url, 'http://simulator').searchParams) {
    if (value !== '') parameters.set(name, [...(parameters.get(name) ?? []), value]);
  }
  return parameters;
}

/** What athenahealth's CapabilityStatement, dated 2022-06-06 and read on 2026-08-14, does not declare. */
const undeclared = {
  search: ['Binary', 'Media'],
  _id: ['AllergyIntolerance', 'Coverage', 'Provenance'],
  'ah-practice': ['Questionnaire', 'RelatedPerson', 'Specimen'],
} as const;

/** Whether a type has a search, or its search a parameter of athenahealth that most have. */
export function isDeclared(what: keyof typeof undeclared, type: string): boolean {
  return !(undeclared[what] as readonly string[]).includes(type);
}

/**
 * The search parameters of each type besides `_id` and `ah-practice`, as declared in the CapabilityStatement and matched by
 * `find-matches.ts`.
 */
export const searchableTypes: Readonly<Record<string, readonly string[]>> = {
  Patient: ['identifier', 'name', 'family', 'given', 'birthdate', 'gender', '_lastUpdated'],
  Observation: ['patient', 'category', 'code', 'status', 'date', '_lastUpdated'],
  Condition: ['patient', 'encounter', 'category', 'code', 'clinical-status', '_lastUpdated'],
  MedicationRequest: ['patient', 'intent', 'status', '_lastUpdated'],
  AllergyIntolerance: ['patient', 'clinical-status', '_lastUpdated'],
  Immunization: ['patient', 'status', 'date', '_lastUpdated'],
  Procedure: ['patient', 'code', 'status', 'date', '_lastUpdated'],
  DiagnosticReport: ['patient', 'category', 'code', 'status', 'date', '_lastUpdated'],
  CarePlan: ['patient', 'category', 'status', 'date', '_lastUpdated'],
  Encounter: ['patient', 'status', 'date', '_lastUpdated'],
  DocumentReference: ['patient', 'category', 'type', 'status', 'date', '_lastUpdated'],
  // As athenahealth declares it: appointments cannot be searched by patient or date.
  Appointment: [],
  Organization: ['_lastUpdated'],
  Practitioner: ['identifier', 'name', '_lastUpdated'],
  Location: ['_lastUpdated'],
};

const byPatient = [['patient'], ['_id']] as const;
const byId = [['_id']] as const;

/**
 * A search must have all parameters of one alternative (athenahealth's search documentation). Types that are not listed are
 * searched by patient.
 */
const alternatives: Readonly<Record<string, readonly (readonly string[])[]>> = {
  Condition: [['patient'], ['encounter'], ['_id']],
  MedicationRequest: [['patient', 'intent'], ['_id']],
  Patient: [['_id'], ['identifier'], ['name'], ['family', 'birthdate'], ['family', 'gender'], ['family', 'given']],
  Appointment: byId,
  Location: byId,
  Medication: byId,
  Organization: byId,
  Practitioner: [['_id'], ['identifier'], ['name']],
};

/**
 * Rejects a search over the whole practice.
 * @throws OutcomeError 400 with the code `forbidden`, which is athenahealth's answer to a missing parameter.
 */
export function requireMandatoryParameters(type: string, parameters: SearchParameters): void {
  const choices = (alternatives[type] ?? byPatient).filter((names) => isDeclared('_id', type) || names[0] !== '_id');
  if (choices.some((names) => names.every((name) => parameters.has(name)))) return;
  const text = choices.map((names) => names.join(' and ')).join(', or ');
  throw new OutcomeError({ status: 400, code: 'forbidden', text: `A search of ${type} needs ${text}.` });
}

/** Whether REST can search and read a type, as the CapabilityStatement declares. */
export function isInRest({ options }: Simulator, type: string): boolean {
  return options.restTypes?.includes(type) ?? true;
}
