/** The search parameters of each type, beside `_id`; declared in the CapabilityStatement and matched by `matches-parameter.ts`. */
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
  // As athenahealth declares it: appointments cannot be found by patient or date.
  Appointment: [],
  Organization: ['_lastUpdated'],
  Practitioner: ['identifier', 'name', '_lastUpdated'],
  Location: ['_lastUpdated'],
};
