import type { Resource } from '../resources/resource.ts';

/**
 * One resource of each type as Synthea writes it (Apache-2.0, not about real persons). Synthea writes no Appointments, so that one
 * follows FHIR R4's own example. The DocumentReference has the shape of Synthea's US Core export.
 */
export const syntheaResources = {
  DiagnosticReport: {
    resourceType: 'DiagnosticReport',
    id: 'cd645389-9e24-4cd7-bc28-f329cd6a2cbb',
    status: 'final',
    category: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0074', code: 'LAB', display: 'Laboratory' }] },
    ],
    code: { coding: [{ system: 'http://loinc.org', code: '57698-3', display: 'Lipid Panel' }], text: 'Lipid Panel' },
    subject: { reference: 'Patient/b156a323-bbab-463f-b1a4-fba103269d16' },
    encounter: { reference: 'Encounter/794bc37f-df97-43c4-84c9-4ad1f5c15400' },
    effectiveDateTime: '2011-04-20T16:00:52-04:00',
    issued: '2011-04-20T16:00:52.762-04:00',
    result: [
      { reference: 'Observation/4df27cea-faac-4cb5-a33c-e3d48f70faa9', display: 'Total Cholesterol' },
      { reference: 'Observation/7ff9a21c-ce1a-4f32-b813-af482618a78b', display: 'Triglycerides' },
      { reference: 'Observation/4a5ca821-c109-42e2-9842-412e87dc1ecf', display: 'Low Density Lipoprotein Cholesterol' },
      {
        reference: 'Observation/39267589-26d8-410c-a963-fcc1fd15606e',
        display: 'High Density Lipoprotein Cholesterol',
      },
    ],
  },
  CarePlan: {
    resourceType: 'CarePlan',
    id: '5b7f8c8d-f932-4709-a262-b3d4cf1f84b1',
    text: {
      status: 'generated',
      div: '<div xmlns="http://www.w3.org/1999/xhtml">Care Plan for Musculoskeletal care.<br/>Activities: <ul><li>Musculoskeletal care</li><li>Musculoskeletal care</li></ul><br/>Care plan is meant to treat Osteoarthritis of knee.</div>',
    },
    status: 'active',
    intent: 'order',
    category: [
      {
        coding: [{ system: 'http://snomed.info/sct', code: '408869004', display: 'Musculoskeletal care' }],
        text: 'Musculoskeletal care',
      },
    ],
    subject: { reference: 'Patient/af9d61c1-30b4-452b-9f07-abe1cb6d0a12' },
    encounter: { reference: 'Encounter/08c38868-00d0-429f-abd6-26a44729b5ba' },
    period: { start: '2010-01-19T20:21:56-05:00' },
    careTeam: [{ reference: 'CareTeam/0d3be99b-3ebd-45b8-9f4c-ab4d5cc8ffd5' }],
    addresses: [{ reference: 'Condition/a4fb0ba4-6622-469b-9a15-6c3db1a5a9b4' }],
    activity: [
      {
        detail: {
          code: {
            coding: [{ system: 'http://snomed.info/sct', code: '386294003', display: 'Joint mobility exercises' }],
            text: 'Joint mobility exercises',
          },
          status: 'in-progress',
          location: { display: 'HALLMARK HEALTH SYSTEM' },
        },
      },
      {
        detail: {
          code: {
            coding: [{ system: 'http://snomed.info/sct', code: '266694003', display: 'Heat therapy' }],
            text: 'Heat therapy',
          },
          status: 'in-progress',
          location: { display: 'HALLMARK HEALTH SYSTEM' },
        },
      },
    ],
  },
  Encounter: {
    resourceType: 'Encounter',
    id: 'a4931090-1060-4629-86ce-a780a61c4387',
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    type: [
      {
        coding: [{ system: 'http://snomed.info/sct', code: '185345009', display: 'Encounter for symptom' }],
        text: 'Encounter for symptom',
      },
    ],
    subject: { reference: 'Patient/b156a323-bbab-463f-b1a4-fba103269d16', display: 'Mr. Terence Russel' },
    participant: [
      {
        type: [
          {
            coding: [
              {
                system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType',
                code: 'PPRF',
                display: 'primary performer',
              },
            ],
            text: 'primary performer',
          },
        ],
        period: { start: '1994-05-03T16:00:52-04:00', end: '1994-05-03T16:15:52-04:00' },
        individual: { reference: 'Practitioner/c7435e01-c918-37a1-9110-ad125400f89c', display: 'Dr. Andre Mueller' },
      },
    ],
    period: { start: '1994-05-03T16:00:52-04:00', end: '1994-05-03T16:15:52-04:00' },
    reasonCode: [{ coding: [{ system: 'http://snomed.info/sct', code: '36971009', display: 'Sinusitis (disorder)' }] }],
    serviceProvider: {
      reference: 'Organization/5e765f2b-e908-3888-9fc7-df2cb87beb58',
      display: 'STURDY MEMORIAL HOSPITAL',
    },
  },
  Appointment: {
    resourceType: 'Appointment',
    id: 'example',
    status: 'booked',
    serviceType: [
      {
        coding: [
          { system: 'http://terminology.hl7.org/CodeSystem/service-type', code: '124', display: 'General Practice' },
        ],
      },
    ],
    appointmentType: {
      coding: [
        {
          system: 'http://terminology.hl7.org/CodeSystem/v2-0276',
          code: 'FOLLOWUP',
          display: 'A follow up visit from a previous appointment',
        },
      ],
    },
    reasonCode: [{ coding: [{ system: 'http://snomed.info/sct', code: '413095006' }], text: 'Clinical review' }],
    priority: 5,
    description: 'Discussion on the results of your recent MRI',
    start: '2013-12-10T09:00:00Z',
    end: '2013-12-10T11:00:00Z',
    minutesDuration: 120,
    created: '2013-10-10',
    comment: 'Further expand on the results of the MRI and determine the next actions that may be appropriate.',
    patientInstruction: 'Bring the referral letter.',
    participant: [
      {
        actor: { reference: 'Patient/example', display: 'Peter James Chalmers' },
        required: 'required',
        status: 'accepted',
      },
    ],
  },
  DocumentReference: {
    resourceType: 'DocumentReference',
    id: '2f1d3c52-06f6-8b5e-2f6e-b2f2f1b3c0a1',
    status: 'superseded',
    identifier: [{ system: 'urn:ietf:rfc:3986', value: 'urn:uuid:2f1d3c52-06f6-8b5e-2f6e-b2f2f1b3c0a1' }],
    type: { coding: [{ system: 'http://loinc.org', code: '34117-2', display: 'History and physical note' }] },
    category: [
      {
        coding: [
          {
            system: 'http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category',
            code: 'clinical-note',
            display: 'Clinical Note',
          },
        ],
      },
    ],
    subject: { reference: 'Patient/b156a323-bbab-463f-b1a4-fba103269d16' },
    date: '2011-04-20T16:00:52.762-04:00',
    author: [{ reference: 'Practitioner/c7435e01-c918-37a1-9110-ad125400f89c', display: 'Dr. Andre Mueller' }],
    custodian: { display: 'STURDY MEMORIAL HOSPITAL' },
    content: [
      {
        attachment: {
          contentType: 'text/plain; charset=utf-8',
          data: 'CjIwMTEtMDQtMjAKCiMgQ2hpZWYgQ29tcGxhaW50Ck5vIGNvbXBsYWludHMuCg==',
        },
        format: {
          system: 'http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode',
          code: 'urn:ihe:iti:xds:2017:mimeTypeSufficient',
          display: 'mimeType Sufficient',
        },
      },
    ],
    context: {
      encounter: [{ reference: 'Encounter/794bc37f-df97-43c4-84c9-4ad1f5c15400' }],
      period: { start: '2011-04-20T16:00:52-04:00', end: '2011-04-20T16:15:52-04:00' },
    },
  },
} as const satisfies Readonly<Record<string, Resource>>;
