interface ResourceHeadInput {
  readonly type: string;
  readonly profile: string;
  readonly narrative: string;
}

/** The extensions of every generated resource, some of them nested. */
export const commonExtensions = [
  {
    url: 'https://fhir.athena.io/StructureDefinition/ah-practice',
    valueReference: { reference: 'Organization/{{organizationId}}' },
  },
  {
    url: 'https://fhir.athena.io/StructureDefinition/chart-sharing-group',
    extension: [
      { url: 'group', valueCode: 'a-{{practiceId}}.CSG-1' },
      { url: 'shared', extension: [{ url: 'since', valueDate: '{{day}}' }] },
    ],
  },
];

/** The start of every generated resource: id, meta, narrative and extensions. */
export function resourceHead({ type, profile, narrative }: ResourceHeadInput) {
  return {
    resourceType: type,
    id: '{{id}}',
    meta: {
      versionId: '{{versionId}}',
      lastUpdated: '{{lastUpdated}}',
      profile: [`http://hl7.org/fhir/us/core/StructureDefinition/us-core-${profile}`],
      security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'N', display: 'normal' }],
    },
    text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${narrative}</div>` },
    extension: commonExtensions,
  };
}

/** The references that clinical resources have in common. */
export const patientReferences = {
  subject: { reference: 'Patient/{{patientId}}', display: '{{given}} {{family}}' },
  encounter: { reference: 'Encounter/{{encounterId}}' },
  practitioner: { reference: 'Practitioner/{{practitionerId}}' },
  location: { reference: 'Location/{{locationId}}' },
  organization: { reference: 'Organization/{{organizationId}}' },
} as const;

const systems = {
  loinc: 'http://loinc.org',
  snomed: 'http://snomed.info/sct',
  rxnorm: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  cvx: 'http://hl7.org/fhir/sid/cvx',
  icd10: 'http://hl7.org/fhir/sid/icd-10-cm',
} as const;

interface Coding {
  readonly code: string;
  readonly display: string;
}

/** A CodeableConcept with one coding. */
export function concept({ system, code, display }: Coding & { readonly system: keyof typeof systems }) {
  return { coding: [{ system: systems[system], code, display }], text: display };
}

/** A CodeableConcept of HL7's code system with this name. */
export function hl7Concept({ name, code, display }: Coding & { readonly name: string }) {
  return { coding: [{ system: `http://terminology.hl7.org/CodeSystem/${name}`, code, display }], text: display };
}
