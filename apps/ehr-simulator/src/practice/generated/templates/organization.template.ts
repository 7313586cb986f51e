import type { GeneratedType } from '../generated-type.ts';
import { concept } from './concept.ts';
import { resourceHead } from './resource-head.ts';

export const organizationTemplate: GeneratedType = {
  type: 'Organization',
  idPart: 'Department',
  scope: 'practice',
  count: { min: 3, max: 3 },
  variants: [
    {
      resource: {
        ...resourceHead({
          type: 'Organization',
          profile: 'organization',
          narrative: '<p>Clínica {{family}} &amp; Partners</p>',
        }),
        active: true,
        type: [concept({ system: 'hl7', name: 'organization-type', code: 'prov', display: 'Healthcare Provider' })],
        name: 'Clínica {{family}} & Partners',
        telecom: [{ system: 'phone', value: '{{phone}}' }],
        address: [{ line: ['{{street}}'], city: '{{city}}', state: 'MA', postalCode: '{{postalCode}}', country: 'US' }],
      },
    },
  ],
};
