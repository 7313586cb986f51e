import type { GeneratedType } from '../generated-type.ts';
import { concept } from './concept.ts';
import { patientReferences } from './patient-references.ts';
import { resourceHead } from './resource-head.ts';

const kinds = [
  { code: 'ROUTINE', display: 'Routine appointment', status: 'booked' },
  { code: 'FOLLOWUP', display: 'A follow up visit from a previous appointment', status: 'fulfilled' },
  { code: 'CHECKUP', display: 'A routine check-up', status: 'cancelled' },
] as const;

export const appointmentTemplate: GeneratedType = {
  type: 'Appointment',
  idPart: 'Appointment',
  scope: 'patient',
  count: { min: 1, max: 2 },
  variants: kinds.map(({ code, display, status }) => ({
    resource: {
      ...resourceHead({
        type: 'Appointment',
        profile: 'appointment',
        narrative: `<p>${display}, {{start}}</p><p>{{note}}</p>`,
      }),
      status,
      appointmentType: concept({ system: 'hl7', name: 'v2-0276', code, display }),
      reasonCode: [concept({ system: 'snomed', code: '185389009', display: 'Follow-up visit' })],
      description: '{{given}} {{family}}: follow-up',
      start: '{{start}}',
      end: '{{end}}',
      minutesDuration: 30,
      comment: '{{note2}}',
      participant: [
        { actor: patientReferences.subject, status: 'accepted' },
        { actor: patientReferences.practitioner, status: 'accepted' },
        { actor: patientReferences.location, status: 'accepted' },
      ],
    },
  })),
};
