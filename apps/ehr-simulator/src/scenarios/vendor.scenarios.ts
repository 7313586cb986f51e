import { refusesPatientAlone } from './kick-off.scenarios.ts';
import { resource, type Scenario, settings } from './scenario.ts';

const groupOnly = { exportLevels: ['group' as const] };
const listedScopes = { exactScopes: true, enforceScopes: true, wildcardScopes: false };

/** A claim of a patient, without amounts, as in Provider Access. */
const claim = {
  resourceType: 'ExplanationOfBenefit',
  id: 'a-195900.claim-1',
  status: 'active',
  type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/claim-type', code: 'professional' }] },
  use: 'claim',
  patient: { reference: 'Patient/a-195900.E-1' },
  billablePeriod: { start: '2024-01-10', end: '2024-01-10' },
  created: '2024-01-12',
  insurer: { display: 'A payer' },
  provider: { display: 'A practice' },
  outcome: 'complete',
  insurance: [{ focal: true, coverage: { reference: 'Coverage/a-195900.coverage-1' } }],
};
const coverage = {
  resourceType: 'Coverage',
  id: 'a-195900.coverage-1',
  status: 'active',
  beneficiary: { reference: 'Patient/a-195900.E-1' },
  payor: [{ display: 'A payer' }],
};

/** What is known of each vendor of the registry together. The name is `like-` and the id of the provider. */
export const vendorScenarios = [
  {
    name: 'like-eclinicalworks',
    description: 'The server exports Groups only. Its answer to a second kick-off is the scenario `duplicate-export`.',
    orders: [settings(groupOnly)],
  },
  {
    name: 'like-epic',
    description: 'The server exports Groups but not Patient alone, and refuses a token request that names scopes.',
    orders: [settings({ ...groupOnly, refusesScope: true }), refusesPatientAlone],
  },
  {
    name: 'like-modmed',
    description:
      'The token of a kick-off must have a scope of SMART v2 for each exported type and Group, and no others.',
    orders: [settings({ ...listedScopes, scopeVersion: 'v2' })],
  },
  {
    name: 'like-nextgen',
    description: 'The server has no exports, and lists patients by a search.',
    orders: [settings({ exportLevels: [], practiceWideSearch: true })],
  },
  {
    name: 'like-nextgen-office',
    description: 'The server exports only Groups that clients make with a list of `patientIds`.',
    orders: [settings({ ...groupOnly, madeGroups: 'patientIds' })],
  },
  {
    name: 'like-oracle-health',
    description:
      'The server exports Groups, wants lists with commas, and a scope of SMART v1 for each exported type and Group in the token of a kick-off.',
    orders: [settings({ ...groupOnly, ...listedScopes, scopeVersion: 'v1', refusedTypeForms: ['repeated'] })],
  },
  {
    name: 'like-payer',
    description: 'The server exports a Group by `$davinci-data-export`, and has claims (CMS-0057-F, Da Vinci PDex).',
    orders: [
      settings({ ...groupOnly, groupOperation: 'davinci-data-export' }),
      resource(JSON.stringify(claim)),
      resource(JSON.stringify(coverage)),
    ],
  },
] as const satisfies readonly Scenario[];
