const systems = {
  loinc: 'http://loinc.org',
  snomed: 'http://snomed.info/sct',
  rxnorm: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  cvx: 'http://hl7.org/fhir/sid/cvx',
  icd10: 'http://hl7.org/fhir/sid/icd-10-cm',
  hl7: 'http://terminology.hl7.org/CodeSystem/',
} as const;

export interface ConceptInput {
  readonly system: keyof typeof systems;
  /** The code system's name, for `hl7`. */
  readonly name?: string;
  readonly code: string;
  readonly display: string;
}

/** A CodeableConcept with one coding. */
export function concept({ system, name = '', code, display }: ConceptInput) {
  return { coding: [{ system: systems[system] + name, code, display }], text: display };
}
