import type { GeneratedType } from '../generated-type.ts';
import { concept } from './concept.ts';
import { patientReferences } from './patient-references.ts';
import { resourceHead } from './resource-head.ts';

export const locationTemplate: GeneratedType = {
  type: 'Location',
  idPart: 'Location',
  scope: 'practice',
  count: { min: 4, max: 4 },
  variants: [
    {
      resource: {
        ...resourceHead({ type: 'Location', profile: 'location', narrative: '<p>{{street}}, {{city}}</p>' }),
        status: 'active',
        name: '{{city}} office',
        mode: 'instance',
        type: [concept({ system: 'hl7', name: 'v3-RoleCode', code: 'OF', display: 'Outpatient facility' })],
        telecom: [{ system: 'phone', value: '{{phone}}' }],
        address: { line: ['{{street}}'], city: '{{city}}', state: 'MA', postalCode: '{{postalCode}}', country: 'US' },
        position: { longitude: '{{#value2}}', latitude: '{{#value}}' },
        managingOrganization: patientReferences.organization,
      },
      value: { min: 25, max: 48, decimals: 6 },
      value2: { min: 70, max: 120, decimals: 6 },
    },
  ],
};
