import type { Resource } from '../resources/resource.ts';

/** The three structures of the integration guide, word for word. */
export const guideResources = {
  DiagnosticReport: {
    resourceType: 'DiagnosticReport',
    id: 'report_123',
    status: 'final',
    category: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0074', code: 'LAB', display: 'Laboratory' }] },
    ],
    code: {
      coding: [{ system: 'http://loinc.org', code: '58410-2', display: 'Complete blood count (hemogram) panel' }],
      text: 'CBC Panel',
    },
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
  CarePlan: {
    resourceType: 'CarePlan',
    id: 'plan_123',
    status: 'active',
    intent: 'plan',
    title: 'Diabetes Management Plan',
    description: 'Comprehensive diabetes care plan',
    period: { start: '2024-01-01', end: '2024-12-31' },
    activity: [
      {
        detail: {
          description: 'Monitor blood glucose daily',
          status: 'in-progress',
          scheduledTiming: { repeat: { frequency: 2, period: 1, periodUnit: 'd' } },
        },
      },
    ],
  },
  Encounter: {
    resourceType: 'Encounter',
    id: 'enc_123',
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB', display: 'ambulatory' },
    type: [{ coding: [{ system: 'http://snomed.info/sct', code: '185349003', display: 'Encounter for check up' }] }],
    period: { start: '2024-01-15T10:00:00Z', end: '2024-01-15T10:30:00Z' },
    reasonCode: [
      { coding: [{ system: 'http://snomed.info/sct', code: '44054006', display: 'Diabetes mellitus type 2' }] },
    ],
    diagnosis: [
      {
        condition: { display: 'Type 2 Diabetes Mellitus' },
        use: {
          coding: [
            {
              system: 'http://terminology.hl7.org/CodeSystem/diagnosis-role',
              code: 'AD',
              display: 'Admission diagnosis',
            },
          ],
        },
      },
    ],
  },
} as const satisfies Readonly<Record<string, Resource>>;
