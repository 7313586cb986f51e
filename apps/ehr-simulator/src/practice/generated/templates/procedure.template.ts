import type { GeneratedType } from '../generated-type.ts';
import { concept } from './concept.ts';
import { patientReferences } from './patient-references.ts';
import { resourceHead } from './resource-head.ts';

const procedures = [
  { code: '73761001', display: 'Colonoscopy' },
  { code: '428191000124101', display: 'Documentation of current medications' },
  { code: '171207006', display: 'Depression screening' },
] as const;

export const procedureTemplate: GeneratedType = {
  type: 'Procedure',
  idPart: 'Procedure',
  scope: 'patient',
  count: { min: 0, max: 3 },
  variants: procedures.map(({ code, display }) => ({
    resource: {
      ...resourceHead({
        type: 'Procedure',
        profile: 'procedure',
        narrative: `<p>${display}, {{day}}</p><p>{{note}}</p>`,
      }),
      status: 'completed',
      code: concept({ system: 'snomed', code, display }),
      subject: patientReferences.subject,
      encounter: patientReferences.encounter,
      performedPeriod: { start: '{{start}}', end: '{{end}}' },
      performer: [{ actor: patientReferences.practitioner }],
      location: patientReferences.location,
      note: [{ text: '{{note2}}' }],
    },
  })),
};
