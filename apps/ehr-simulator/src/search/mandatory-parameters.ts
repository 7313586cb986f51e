import { OutcomeError } from '../http/outcome.ts';
import type { SearchParameters } from './search-parameters.ts';

const byPatient = [['patient'], ['_id']] as const;
const byId = [['_id']] as const;

/** One alternative of each must be given in full (athenahealth's search documentation). */
const alternatives: Readonly<Record<string, readonly (readonly string[])[]>> = {
  AllergyIntolerance: byPatient,
  CarePlan: byPatient,
  CareTeam: byPatient,
  Coverage: byPatient,
  Device: byPatient,
  DiagnosticReport: byPatient,
  DocumentReference: byPatient,
  Encounter: byPatient,
  Goal: byPatient,
  Immunization: byPatient,
  Observation: byPatient,
  Procedure: byPatient,
  ServiceRequest: byPatient,
  Condition: [['patient'], ['encounter'], ['_id']],
  MedicationRequest: [['patient', 'intent'], ['_id']],
  Patient: [['_id'], ['identifier'], ['name'], ['family', 'birthdate'], ['family', 'gender'], ['family', 'given']],
  Appointment: byId,
  Location: byId,
  Medication: byId,
  Organization: byId,
  Practitioner: [['_id'], ['identifier'], ['name']],
};

export interface MandatoryParametersInput {
  readonly type: string;
  readonly parameters: SearchParameters;
}

/**
 * There is no practice-wide search.
 * @throws OutcomeError 400 with the code `forbidden`, which is what athenahealth says for a missing parameter.
 */
export function requireMandatoryParameters({ type, parameters }: MandatoryParametersInput): void {
  const choices = alternatives[type] ?? byPatient;
  if (choices.some((names) => names.every((name) => parameters.has(name)))) return;
  const wanted = choices.map((names) => names.join(' and ')).join(', or ');
  throw new OutcomeError({ status: 400, code: 'forbidden', text: `A search of ${type} needs ${wanted}.` });
}
