import { expect, test } from '@jest/globals';
import { scopeCovers, scopeFault, scopeVersions, scopeVersionsOf, systemScopes } from './scopes.ts';

test.each(scopeVersions)(
  'the listed scopes of %s are valid, of that version only, and cover their types',
  (version) => {
    const scope = systemScopes({ version, types: ['Patient', 'Condition'] });
    expect(scopeFault({ scope, withUser: false })).toBeUndefined();
    expect(scopeVersionsOf(scope)).toEqual([version]);
    const covers = (resourceType: string) => scopeCovers({ scope, resourceType });
    expect(['Patient', 'Condition', 'Encounter'].map(covers)).toEqual([true, true, false]);
  },
);

test.each([
  { scope: 'system/*.read', versions: ['v1'] },
  { scope: 'system/*.* system/Patient.cruds', versions: ['v1', 'v2'] },
  { scope: 'launch https://server.example/.default', versions: [] },
])('the scope "$scope" has the versions $versions', ({ scope, versions }) => {
  expect(scopeVersionsOf(scope)).toEqual(versions);
});
