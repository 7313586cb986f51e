import type { GeneratedType } from './template.ts';
import { concept, hl7Concept, patientReferences } from './template-parts.ts';

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
    narrative: `<p>${display}, {{start}}</p><p>{{note}}</p>`,
    resource: {
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
          use: hl7Concept({ name: 'diagnosis-role', code: 'AD', display: 'Admission diagnosis' }),
        },
      ],
      location: [{ location: patientReferences.location }],
      serviceProvider: patientReferences.organization,
    },
  })),
};

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
    narrative: `<p>${display}, {{start}}</p><p>{{note}}</p>`,
    resource: {
      status,
      appointmentType: hl7Concept({ name: 'v2-0276', code, display }),
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
    narrative: `<p>${display}, {{day}}</p><p>{{note}}</p>`,
    resource: {
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
    narrative: `<h3>${title}</h3><p>{{note}}</p><p>{{note2}}</p>`,
    resource: {
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
