import type { GeneratedType } from '../generated-type.ts';
import { concept } from './concept.ts';
import { patientReferences } from './patient-references.ts';
import { resourceHead } from './resource-head.ts';

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
    resource: {
      ...resourceHead({ type: 'Immunization', profile: 'immunization', narrative: `<p>${display}, given {{day}}</p>` }),
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
