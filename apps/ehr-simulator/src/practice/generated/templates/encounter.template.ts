import type { GeneratedType } from '../generated-type.ts';
import { concept } from './concept.ts';
import { patientReferences } from './patient-references.ts';
import { resourceHead } from './resource-head.ts';

const visits = [
  { code: '185349003', display: 'Encounter for check up', classCode: 'AMB', classDisplay: 'ambulatory' },
  { code: '390906007', display: 'Follow-up encounter', classCode: 'AMB', classDisplay: 'ambulatory' },
  { code: '448337001', display: 'Telemedicine consultation', classCode: 'VR', classDisplay: 'virtual' },
] as const;

export const encounterTemplate: GeneratedType = {
  type: 'Encounter',
  idPart: 'Encounter',
  scope: 'patient',
  count: { min: 3, max: 5 },
  variants: visits.map(({ code, display, classCode, classDisplay }) => ({
    resource: {
      ...resourceHead({
        type: 'Encounter',
        profile: 'encounter',
        narrative: `<p>${display}, {{start}}</p><p>{{note}}</p>`,
      }),
      status: 'finished',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: classCode, display: classDisplay },
      type: [concept({ system: 'snomed', code, display })],
      subject: patientReferences.subject,
      participant: [{ individual: patientReferences.practitioner, period: { start: '{{start}}', end: '{{end}}' } }],
      period: { start: '{{start}}', end: '{{end}}' },
      reasonCode: [concept({ system: 'snomed', code: '44054006', display: 'Diabetes mellitus type 2' })],
      diagnosis: [
        {
          condition: { display: 'Type 2 Diabetes Mellitus' },
          use: concept({ system: 'hl7', name: 'diagnosis-role', code: 'AD', display: 'Admission diagnosis' }),
        },
      ],
      location: [{ location: patientReferences.location }],
      serviceProvider: patientReferences.organization,
    },
  })),
};
