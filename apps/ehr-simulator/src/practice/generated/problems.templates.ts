import type { GeneratedType } from './template.ts';
import { concept, hl7Concept, patientReferences } from './template-parts.ts';

const diagnoses = [
  { code: 'E11.9', display: 'Type 2 diabetes mellitus without complications' },
  { code: 'I10', display: 'Essential (primary) hypertension' },
  { code: 'J45.909', display: 'Unspecified asthma, uncomplicated' },
  { code: 'H81.09', display: 'Ménière’s disease, unspecified ear' },
] as const;

export const conditionTemplate: GeneratedType = {
  type: 'Condition',
  idPart: 'Problem',
  scope: 'patient',
  count: { min: 1, max: 4 },
  variants: diagnoses.map(({ code, display }) => ({
    profile: 'condition-problems-health-concerns',
    narrative: `<p>${display}, since {{day}}</p><p>{{note}}</p>`,
    resource: {
      clinicalStatus: hl7Concept({ name: 'condition-clinical', code: 'active', display: 'Active' }),
      verificationStatus: hl7Concept({ name: 'condition-ver-status', code: 'confirmed', display: 'Confirmed' }),
      category: [hl7Concept({ name: 'condition-category', code: 'problem-list-item', display: 'Problem List Item' })],
      code: concept({ system: 'icd10', code, display }),
      subject: patientReferences.subject,
      encounter: patientReferences.encounter,
      onsetDateTime: '{{day}}',
      recordedDate: '{{start}}',
      recorder: patientReferences.practitioner,
      note: [{ time: '{{start}}', text: '{{note2}}' }],
    },
  })),
};

const allergens = [
  { code: '7980', display: 'penicillin G' },
  { code: '2670', display: 'codeine' },
] as const;

export const allergyIntoleranceTemplate: GeneratedType = {
  type: 'AllergyIntolerance',
  idPart: 'Allergy',
  scope: 'patient',
  count: { min: 0, max: 2 },
  variants: allergens.map(({ code, display }) => ({
    narrative: `<p>Allergy: ${display}</p><p>{{note}}</p>`,
    resource: {
      clinicalStatus: hl7Concept({ name: 'allergyintolerance-clinical', code: 'active', display: 'Active' }),
      verificationStatus: hl7Concept({
        name: 'allergyintolerance-verification',
        code: 'confirmed',
        display: 'Confirmed',
      }),
      type: 'allergy',
      category: ['medication'],
      criticality: 'high',
      code: concept({ system: 'rxnorm', code, display }),
      patient: patientReferences.subject,
      onsetDateTime: '{{day}}',
      recordedDate: '{{start}}',
      recorder: patientReferences.practitioner,
      reaction: [
        { manifestation: [concept({ system: 'snomed', code: '247472004', display: 'Hives' })], severity: 'moderate' },
      ],
    },
  })),
};

const prescriptions = [
  { code: '860975', display: 'metformin hydrochloride 500 MG Extended Release Oral Tablet', status: 'active' },
  { code: '314076', display: 'lisinopril 10 MG Oral Tablet', status: 'active' },
  { code: '745679', display: 'albuterol 90 µg/actuation inhaler', status: 'completed' },
] as const;

export const medicationRequestTemplate: GeneratedType = {
  type: 'MedicationRequest',
  idPart: 'Rx',
  scope: 'patient',
  count: { min: 1, max: 4 },
  variants: prescriptions.map(({ code, display, status }) => ({
    narrative: `<p>${display}</p><p>{{note}}</p>`,
    resource: {
      status,
      intent: 'order',
      category: [hl7Concept({ name: 'medicationrequest-category', code: 'community', display: 'Community' })],
      medicationCodeableConcept: concept({ system: 'rxnorm', code, display }),
      subject: patientReferences.subject,
      encounter: patientReferences.encounter,
      authoredOn: '{{start}}',
      requester: patientReferences.practitioner,
      dosageInstruction: [
        {
          text: 'Take by mouth twice a day with meals — até às 20 h.',
          timing: { repeat: { frequency: 2, period: 1, periodUnit: 'd' } },
          doseAndRate: [{ doseQuantity: { value: '{{#value}}', unit: 'tablet' } }],
        },
      ],
      dispenseRequest: {
        validityPeriod: { start: '{{day}}' },
        numberOfRepeatsAllowed: 3,
        quantity: { value: '{{#value2}}', unit: 'tablet' },
      },
    },
    value: { min: 0, max: 2, decimals: 2 },
    value2: { min: 30, max: 180, decimals: 1 },
  })),
};

const vaccines = [
  { code: '140', display: 'Influenza, seasonal, injectable, preservative free' },
  { code: '115', display: 'Tdap' },
  { code: '208', display: 'COVID-19, mRNA, LNP-S, PF, 30 µg/0.3 mL dose' },
] as const;

export const immunizationTemplate: GeneratedType = {
  type: 'Immunization',
  idPart: 'Vaccine',
  scope: 'patient',
  count: { min: 2, max: 4 },
  variants: vaccines.map(({ code, display }) => ({
    narrative: `<p>${display}, given {{day}}</p>`,
    resource: {
      status: 'completed',
      vaccineCode: concept({ system: 'cvx', code, display }),
      patient: patientReferences.subject,
      encounter: patientReferences.encounter,
      occurrenceDateTime: '{{start}}',
      primarySource: true,
      location: patientReferences.location,
      lotNumber: 'L{{recordNumber}}',
      doseQuantity: { value: '{{#value}}', unit: 'mL', system: 'http://unitsofmeasure.org', code: 'mL' },
      performer: [{ actor: patientReferences.practitioner }],
      note: [{ text: '{{note}}' }],
    },
    value: { min: 0, max: 1, decimals: 2 },
  })),
};
