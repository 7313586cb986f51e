import { expect, test } from '@jest/globals';
import { connectionBudgets } from '../connection-budgets.ts';
import { createProviderRegistry } from '../provider-registry.ts';
import { compareFacts, type FactsFile, readFactsFile } from './facts-file.ts';

const measured = <Value>(value: Value) => ({ value, how: 'a test' });
const fileOf = (facts: object, change: object = {}) => ({
  provider: 'athenahealth',
  environment: 'preview',
  measuredAt: '2026-11-30T10:00:00Z',
  version: '1.0.0',
  used: { requests: 30, exports: 4 },
  facts,
  ...change,
});
const facts = {
  groupIdTemplate: measured('a-1.c-{practiceId}'),
  requestsPerDay: measured(50_000),
  pageSize: measured(50),
  since: measured('accepted'),
};

test('measured facts change the entry of a provider and are kept in their environment', () => {
  const registry = createProviderRegistry({});
  registry.refresh([readFactsFile(fileOf(facts))]);
  const { groupIdTemplate, search, rateLimit, environments } = registry.get('athenahealth');
  expect([groupIdTemplate, search?.pageSize, rateLimit?.perDay]).toEqual(['a-1.c-{practiceId}', 50, 100_000]);
  expect(environments.preview?.rateLimit).toEqual({ ...rateLimit, perDay: 50_000 });
  expect(environments.preview?.measured?.facts.since?.value).toBe('accepted');
  expect(environments.production?.measured).toBeUndefined();
  expect(search?.parameters).toEqual(createProviderRegistry({}).get('athenahealth').search?.parameters);
  registry.refresh([]);
  expect(registry.get('athenahealth')).toEqual(createProviderRegistry({}).get('athenahealth'));
});

test('the scopes of one application do not narrow what others of the vendor request', () => {
  const registry = createProviderRegistry({});
  const narrow = { grantedScopes: measured(['system/Patient.rs']), scopeTypes: measured(['Patient']) };
  registry.refresh([readFactsFile(fileOf(narrow))]);
  const { scopeTypes, environments } = registry.get('athenahealth');
  expect(scopeTypes).toEqual(createProviderRegistry({}).get('athenahealth').scopeTypes);
  expect(environments.preview?.measured?.facts.scopeTypes?.value).toEqual(['Patient']);
});

test('what an operator has set goes before what was measured', () => {
  const rateLimit = { limit: 5, windowMs: 1000, perDay: 7000 };
  const entry = { id: 'athenahealth', groupIdTemplate: 'own-{practiceId}', rateLimit };
  const registry = createProviderRegistry({ BULKHEAD_PROVIDERS: JSON.stringify([entry]) });
  registry.refresh([readFactsFile(fileOf(facts))]);
  const { groupIdTemplate, search, environments } = registry.get('athenahealth');
  expect([groupIdTemplate, search?.pageSize]).toEqual(['own-{practiceId}', 50]);
  expect([environments.preview?.rateLimit, environments.preview?.measured?.version]).toEqual([undefined, '1.0.0']);
});

test('facts of a provider that only the operator knows are taken in, and those of unknown ones are left out', () => {
  const environments = { test: { fhirEndpoint: 'https://own.example/r4' } };
  const own = { id: 'own', name: 'Own', environments, defaultEnvironment: 'test' };
  const registry = createProviderRegistry({ BULKHEAD_PROVIDERS: JSON.stringify([own]) });
  const inTest = { provider: 'own', environment: 'test' };
  registry.refresh([
    fileOf(facts, inTest),
    fileOf(facts, { ...inTest, environment: 'x' }),
    fileOf({}, { provider: 'y' }),
  ] as FactsFile[]);
  expect(registry.get('own')).toMatchObject({ name: 'Own', groupIdTemplate: 'a-1.c-{practiceId}' });
  expect(Object.keys(registry.get('own').environments)).toEqual(['test']);
});

test('a limit of the day applies to a provider without a limit, and is counted by what its pauses are counted by', () => {
  const environments = { test: { fhirEndpoint: 'https://own.example/r4' } };
  const own = { id: 'own', name: 'Own', environments, defaultEnvironment: 'test' };
  const registry = createProviderRegistry({ BULKHEAD_PROVIDERS: JSON.stringify([own]) });
  const connection = {
    id: 'c',
    provider: 'own',
    environment: 'test',
    fhirEndpoint: 'https://own.example/r4',
    auth: { method: 'none' },
  } as const;
  const before = connectionBudgets(connection, registry.get('own')).budget;
  registry.refresh([readFactsFile(fileOf(facts, { provider: 'own', environment: 'test' }))]);
  const after = connectionBudgets(connection, registry.get('own')).budget;
  expect(after).toEqual({ ...before, rateLimit: { ...before.rateLimit, perDay: 50_000 } });
});

test('parameters that a probe found to be accepted are sent, unless the EHR ignores them', () => {
  const registry = createProviderRegistry({});
  const accepted = { post: measured('accepted'), patient: measured('accepted'), until: measured('accepted') };
  const parametersWith = (more: object) => {
    registry.refresh([readFactsFile(fileOf({ ...accepted, ...more }))]);
    return registry.get('athenahealth').kickOff?.parameters ?? [];
  };
  const declared = createProviderRegistry({}).get('athenahealth').kickOff?.parameters ?? [];
  expect(parametersWith({ untilHonoured: measured(true) })).toEqual([...declared, 'patient', '_until']);
  expect(parametersWith({ patientHonoured: measured(false) })).toEqual([...declared, '_until']);
});

test.each([
  { what: 'an unknown fact', file: fileOf({ favouriteColour: measured('blue') }), path: 'facts.favouriteColour' },
  { what: 'an unknown field', file: fileOf({}, { note: 'x' }), path: 'note' },
  { what: 'a value of another type', file: fileOf({ pageSize: measured('many') }), path: 'facts.pageSize.value' },
  {
    what: 'an id that is not a template',
    file: fileOf({ groupIdTemplate: measured('a-1.C-195900') }),
    path: 'facts.groupIdTemplate.value',
  },
  { what: 'no type of FHIR', file: fileOf({ scopeTypes: measured(['Pacient']) }), path: 'facts.scopeTypes.value.0' },
  {
    what: 'a refused `_since` that works',
    file: fileOf({ since: measured('refused'), sinceHonoured: measured(true) }),
    path: 'facts.sinceHonoured',
  },
  {
    what: 'a `patient` without POST',
    file: fileOf({ post: measured('refused'), patient: measured('accepted') }),
    path: 'facts.patient',
  },
  {
    what: 'a usual page above the largest',
    file: fileOf({ pageSize: measured(10), defaultPageSize: measured(20) }),
    path: 'facts.defaultPageSize',
  },
  {
    what: 'a Group at the level of patients',
    file: fileOf({ exportLevel: measured('patient'), groupIdTemplate: measured('{practiceId}') }),
    path: 'facts.groupIdTemplate',
  },
  {
    what: 'types without scopes',
    file: fileOf({ grantedScopes: measured(['system/Patient.rs']), scopeTypes: measured(['Goal']) }),
    path: 'facts.scopeTypes',
  },
  { what: 'no object', file: 'since: accepted', path: '' },
])('a file with $what is refused with its path', ({ file, path }) => {
  let details: unknown;
  try {
    readFactsFile(file);
  } catch (error) {
    details = (error as { context: { details: unknown } }).context.details;
  }
  expect(details).toEqual([{ path, message: expect.any(String) }]);
});

test('a comparison says what differs from what is known, and nothing of what is not', () => {
  const provider = createProviderRegistry({}).get('athenahealth');
  const compared = compareFacts(readFactsFile(fileOf({ ...facts, requestsPerDay: measured(100_000) })).facts, {
    provider,
    environment: 'preview',
  });
  expect(compared).toEqual({
    groupIdTemplate: { ...facts.groupIdTemplate, known: 'a-1.C-{practiceId}', differs: true },
    requestsPerDay: { ...measured(100_000), known: 100_000, differs: false },
    pageSize: { ...facts.pageSize, known: 100, differs: true },
    since: facts.since,
  });
  // A file that was compared is read again.
  expect(readFactsFile(fileOf(compared)).facts).toEqual(compared);
});
