import type { GeneratedType } from '../generated-type.ts';
import { concept } from './concept.ts';
import { resourceHead } from './resource-head.ts';

export const practitionerTemplate: GeneratedType = {
  type: 'Practitioner',
  idPart: 'Provider',
  scope: 'practice',
  count: { min: 12, max: 12 },
  variants: [
    {
      resource: {
        ...resourceHead({
          type: 'Practitioner',
          profile: 'practitioner',
          narrative: '<p>{{given}} {{family}}, MD</p>',
        }),
        identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '100{{recordNumber}}' }],
        active: true,
        name: [{ family: '{{family}}', given: ['{{given}}'], prefix: ['Dr.'], suffix: ['MD'] }],
        telecom: [{ system: 'phone', value: '{{phone}}', use: 'work' }],
        gender: '{{gender}}',
        qualification: [
          { code: concept({ system: 'hl7', name: 'v2-0360', code: 'MD', display: 'Doctor of Medicine' }) },
        ],
      },
    },
  ],
};
