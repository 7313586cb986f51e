import type { GeneratedType } from '../generated-type.ts';
import { concept } from './concept.ts';
import { patientReferences } from './patient-references.ts';
import { resourceHead } from './resource-head.ts';

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
  variants: prescriptions.map((prescription) => ({
    resource: variant(prescription),
    value: { min: 0, max: 2, decimals: 2 },
    value2: { min: 30, max: 180, decimals: 1 },
  })),
};

function variant({
  code,
  display,
  status,
}: {
  readonly code: string;
  readonly display: string;
  readonly status: string;
}) {
  return {
    ...resourceHead({
      type: 'MedicationRequest',
      profile: 'medicationrequest',
      narrative: `<p>${display}</p><p>{{note}}</p>`,
    }),
    status,
    intent: 'order',
    category: [concept({ system: 'hl7', name: 'medicationrequest-category', code: 'community', display: 'Community' })],
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
  };
}
