import type { GeneratedType } from '../generated-type.ts';
import { concept } from './concept.ts';
import { patientReferences } from './patient-references.ts';
import { resourceHead } from './resource-head.ts';

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
  variants: diagnoses.map(({ code, display }) => ({ resource: variant({ code, display }) })),
};

function variant({ code, display }: { readonly code: string; readonly display: string }) {
  return {
    ...resourceHead({
      type: 'Condition',
      profile: 'condition-problems-health-concerns',
      narrative: `<p>${display}, since {{day}}</p><p>{{note}}</p>`,
    }),
    clinicalStatus: concept({ system: 'hl7', name: 'condition-clinical', code: 'active', display: 'Active' }),
    verificationStatus: concept({
      system: 'hl7',
      name: 'condition-ver-status',
      code: 'confirmed',
      display: 'Confirmed',
    }),
    category: [
      concept({ system: 'hl7', name: 'condition-category', code: 'problem-list-item', display: 'Problem List Item' }),
    ],
    code: concept({ system: 'icd10', code, display }),
    subject: patientReferences.subject,
    encounter: patientReferences.encounter,
    onsetDateTime: '{{day}}',
    recordedDate: '{{start}}',
    recorder: patientReferences.practitioner,
    note: [{ time: '{{start}}', text: '{{note2}}' }],
  };
}
