import { expect, test } from '@jest/globals';
import { connectionBudgets } from './connection-budgets.ts';
import type { EhrConnection } from './ehr-connection.ts';
import type { Provider } from './provider.ts';

const provider: Provider = {
  id: 'vendor',
  name: 'A vendor',
  environments: { production: { fhirEndpoint: 'https://a.example/r4' } },
  defaultEnvironment: 'production',
};
const rateLimit = { limit: 10, windowMs: 1000, perDay: 1000, guardMs: 150 };
const auth = { method: 'client_credentials', clientId: 'client', clientSecret: 's', scope: 'system/*.rs' } as const;
const at = (change: Partial<EhrConnection>): EhrConnection => ({
  id: 'conn_1',
  provider: 'vendor',
  environment: 'production',
  fhirEndpoint: 'https://a.example/r4',
  auth,
  ...change,
});

const hospitalA = at({ fhirEndpoint: 'https://a.example/r4', practiceId: '1' });
const hospitalB = at({ fhirEndpoint: 'https://b.example/r4', practiceId: '1' });
const wardOfA = at({ fhirEndpoint: 'https://a.example/r4', practiceId: '2' });
const otherClient = at({ ...hospitalA, auth: { ...auth, clientId: 'other' } });

const sharing = (facts: Partial<Provider>) =>
  [hospitalB, wardOfA, otherClient].map(
    (connection) =>
      connectionBudgets(connection, { ...provider, ...facts }).budget.id ===
      connectionBudgets(hospitalA, { ...provider, ...facts }).budget.id,
  );

test.each<{ facts: Partial<Provider>; shares: readonly boolean[]; what: string }>([
  { what: 'no limit: by server', facts: {}, shares: [false, true, true] },
  { what: 'a limit: by client', facts: { rateLimit }, shares: [true, true, false] },
  { what: 'by client', facts: { limitCountsBy: 'client' }, shares: [true, true, false] },
  { what: 'by server', facts: { rateLimit, limitCountsBy: 'server' }, shares: [false, true, true] },
  { what: 'by practice', facts: { rateLimit, limitCountsBy: 'practice' }, shares: [true, false, true] },
])('connections share a budget, and so its pauses: $what', ({ facts, shares }) => {
  expect(sharing(facts)).toEqual(shares);
});

test('two hospitals below one host have budgets of their own', () => {
  const tenants = ['https://ehr.example/tenant-1/r4', 'https://ehr.example/tenant-2/r4'].map(
    (fhirEndpoint) => connectionBudgets(at({ fhirEndpoint }), provider).budget.id,
  );
  expect(new Set(tenants).size).toBe(2);
});

test('token requests are counted by client, and have a name without the client id', () => {
  const environments = { production: { fhirEndpoint: 'https://a.example/r4', tokenRateLimit: rateLimit } };
  const { tokenBudget } = connectionBudgets(hospitalA, { ...provider, environments });
  expect(tokenBudget).toEqual({ id: 'vendor.production.client.token', name: 'vendor.production.token', rateLimit });
});

test('an environment with a limit of its own does not have that of the provider', () => {
  const preview = { ...rateLimit, limit: 30, perDay: 50_000 };
  const environments = {
    ...provider.environments,
    preview: { fhirEndpoint: 'https://p.example/r4', rateLimit: preview },
  };
  const limitIn = (environment: string) =>
    connectionBudgets(at({ environment }), { ...provider, rateLimit, environments }).budget.rateLimit;
  expect([limitIn('preview'), limitIn('production'), limitIn('constructor')]).toEqual([preview, rateLimit, rateLimit]);
});
