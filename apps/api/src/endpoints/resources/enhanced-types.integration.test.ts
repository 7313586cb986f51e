import { makeDocument } from '@bulkhead/records/testing';
import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const coding = (system: string, code: string, display: string) => [{ system, code, display }];
const snomed = 'http://snomed.info/sct';
const terminology = 'http://terminology.hl7.org/CodeSystem';
const subject = { reference: 'Patient/p1' };

/** The structures that the guide prints, and for the two types without one the elements that it lists. */
const resources = [
  {
    resourceType: 'DiagnosticReport',
    id: 'report_123',
    status: 'final',
    category: [{ coding: coding(`${terminology}/v2-0074`, 'LAB', 'Laboratory') }],
    code: {
      coding: coding('http://loinc.org', '58410-2', 'Complete blood count (hemogram) panel'),
      text: 'CBC Panel',
    },
    subject,
    effectiveDateTime: '2024-01-15T10:00:00Z',
    issued: '2024-01-15T14:00:00Z',
    conclusion: 'All values within normal limits',
    presentedForm: [
      {
        contentType: 'application/pdf',
        url: 'https://api.platform.athenahealth.com/documents/report_123.pdf',
        title: 'CBC Report',
      },
    ],
  },
  {
    resourceType: 'CarePlan',
    id: 'plan_123',
    status: 'active',
    intent: 'plan',
    title: 'Diabetes Management Plan',
    description: 'Comprehensive diabetes care plan',
    subject,
    period: { start: '2024-01-01', end: '2024-12-31' },
    goal: [{ reference: 'Goal/g1' }],
    activity: [
      {
        outcomeReference: [{ reference: 'Observation/o1' }],
        detail: {
          description: 'Monitor blood glucose daily',
          status: 'in-progress',
          scheduledTiming: { repeat: { frequency: 2, period: 1, periodUnit: 'd' } },
        },
      },
    ],
  },
  {
    resourceType: 'Encounter',
    id: 'enc_123',
    status: 'finished',
    class: { system: `${terminology}/v3-ActCode`, code: 'AMB', display: 'ambulatory' },
    type: [{ coding: coding(snomed, '185349003', 'Encounter for check up') }],
    subject,
    period: { start: '2024-01-15T10:00:00Z', end: '2024-01-15T10:30:00Z' },
    reasonCode: [{ coding: coding(snomed, '44054006', 'Diabetes mellitus type 2') }],
    diagnosis: [
      {
        condition: { display: 'Type 2 Diabetes Mellitus' },
        use: { coding: coding(`${terminology}/diagnosis-role`, 'AD', 'Admission diagnosis') },
      },
    ],
    hospitalization: { dischargeDisposition: { text: 'Home' } },
  },
  {
    resourceType: 'Appointment',
    id: 'appointment_123',
    status: 'booked',
    appointmentType: { text: 'Follow-up' },
    start: '2024-01-15T10:00:00Z',
    end: '2024-01-15T10:30:00Z',
    minutesDuration: 30,
    reasonCode: [{ text: 'Diabetes' }],
    comment: 'Fasting',
    patientInstruction: 'Bring the notes of your blood glucose.',
    participant: [{ actor: subject, status: 'accepted' }],
  },
  {
    resourceType: 'DocumentReference',
    id: 'document_123',
    status: 'current',
    type: { text: 'Progress note' },
    category: [{ text: 'Clinical note' }],
    subject,
    date: '2024-01-15T10:00:00Z',
    description: 'The note of the visit',
    content: [
      {
        attachment: { contentType: 'image/png', url: 'https://api.platform.athenahealth.com/documents/1.png' },
        format: { code: 'urn:ihe:iti:xds:2017:mimeTypeSufficient' },
      },
    ],
  },
];

const api = await startApi();
const connectionId = await api.createConnection();
afterAll(() => api.stopAndCheckAnswers());

test("resources of the five enhanced types are read with every element of the guide's structures", async () => {
  for (const resource of resources) {
    const { resourceType, id } = resource;
    await api.store.resourceWriter.write(resourceType, [makeDocument(resource, { connectionId })]);
    const at = `/api/ehr/athenahealth/resources/${resourceType}`;
    const read = await api.request('GET', `${at}/${id}?connectionId=${connectionId}`);
    expect([read.status, read.body]).toEqual([200, resource]);
    const found = await api.request('GET', `${at}?connectionId=${connectionId}&patient=p1`);
    expect(found.body.entry.map((entry: { resource: object }) => entry.resource)).toEqual([resource]);
  }
});
