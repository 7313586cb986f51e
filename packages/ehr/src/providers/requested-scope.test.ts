import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { createProviderRegistry } from './provider-registry.ts';
import { recordTypes, requestedScope } from './requested-scope.ts';
import { otherDeclaredTypes, patientSearchTypes } from './testing/index.ts';

const declared = [...patientSearchTypes, ...otherDeclaredTypes];
const auth = { method: 'client_credentials', scope: 'system/Patient.rs', scopesOfDeclared: 'v2' } as const;
const typesOf = (scope: string) => scope.split(' ').map((name) => /^system\/(\w+)\.rs$/.exec(name)?.[1] ?? name);

test('requests a scope for each type of records that the EHR declares, and for no other', () => {
  const scope = requestedScope({
    auth,
    capabilities: { resourceTypes: [...declared, 'Group', 'ValueSet', 'Coverage'] },
  });
  expect(typesOf(scope).toSorted()).toEqual(declared.toSorted());
});

test.each([
  { capabilities: undefined },
  { capabilities: { resourceTypes: [] } },
  { capabilities: { resourceTypes: ['Group'] } },
])('requests the scopes of the provider if the capabilities are $capabilities', ({ capabilities }) => {
  expect(requestedScope({ auth, capabilities })).toBe('system/Patient.rs');
});

test('keeps scopes that a request has fixed', () => {
  const { scopesOfDeclared: _, ...fixed } = auth;
  expect(requestedScope({ auth: fixed, capabilities: { resourceTypes: declared } })).toBe('system/Patient.rs');
});

test('the scopes of athenahealth without a CapabilityStatement are those of its statement of 2026-08-14', () => {
  const athenahealth = createProviderRegistry({}).get('athenahealth');
  expect(athenahealth.scopeTypes?.toSorted()).toEqual(recordTypes({ resourceTypes: declared }).toSorted());
  const page = readFileSync(new URL('../../../../docs/providers.md', import.meta.url), 'utf8');
  expect(page).toContain(`the ${athenahealth.scopeTypes?.length} types of records that it declares`);
});
