import { refusesPatientAlone } from './kick-off.scenarios.ts';
import { type Scenario, settings } from './scenario.ts';

const groupOnly = { exportLevels: ['group' as const] };
const listedScopes = { exactScopes: true, enforceScopes: true, wildcardScopes: false };

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
    name: 'like-oracle-health',
    description:
      'The server exports Groups, wants lists with commas, and a scope of SMART v1 for each exported type and Group in the token of a kick-off.',
    orders: [settings({ ...groupOnly, ...listedScopes, scopeVersion: 'v1', refusedTypeForms: ['repeated'] })],
  },
] as const satisfies readonly Scenario[];
