import type { GeneratedType } from '../generated-type.ts';
import { concept } from './concept.ts';
import { patientReferences } from './patient-references.ts';
import { resourceHead } from './resource-head.ts';

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
    resource: {
      ...resourceHead({
        type: 'AllergyIntolerance',
        profile: 'allergyintolerance',
        narrative: `<p>Allergy: ${display}</p><p>{{note}}</p>`,
      }),
      clinicalStatus: concept({
        system: 'hl7',
        name: 'allergyintolerance-clinical',
        code: 'active',
        display: 'Active',
      }),
      verificationStatus: concept({
        system: 'hl7',
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
