import type { GeneratedType } from '../generated-type.ts';
import { concept } from './concept.ts';
import { patientReferences } from './patient-references.ts';
import { resourceHead } from './resource-head.ts';

const plans = [
  { title: 'Diabetes Management Plan', activity: 'Monitor blood glucose daily' },
  { title: 'Hypertension Care Plan', activity: 'Measure blood pressure at home — write it down' },
] as const;

export const carePlanTemplate: GeneratedType = {
  type: 'CarePlan',
  idPart: 'CarePlan',
  scope: 'patient',
  count: { min: 1, max: 1 },
  variants: plans.map(({ title, activity }) => ({
    resource: {
      ...resourceHead({
        type: 'CarePlan',
        profile: 'careplan',
        narrative: `<h3>${title}</h3><p>{{note}}</p><p>{{note2}}</p>`,
      }),
      status: 'active',
      intent: 'plan',
      category: [
        {
          coding: [
            {
              system: 'http://hl7.org/fhir/us/core/CodeSystem/careplan-category',
              code: 'assess-plan',
              display: 'Assessment',
            },
          ],
        },
      ],
      title,
      description: 'Comprehensive care plan for {{given}} {{family}}',
      subject: patientReferences.subject,
      encounter: patientReferences.encounter,
      period: { start: '{{day}}' },
      created: '{{start}}',
      author: patientReferences.practitioner,
      addresses: [
        { display: concept({ system: 'snomed', code: '44054006', display: 'Diabetes mellitus type 2' }).text },
      ],
      activity: [
        {
          detail: {
            description: activity,
            status: 'in-progress',
            scheduledTiming: { repeat: { frequency: 2, period: '{{#value}}', periodUnit: 'd' } },
          },
        },
      ],
      note: [{ text: '{{note2}}' }],
    },
    value: { min: 1, max: 3, decimals: 2 },
  })),
};
