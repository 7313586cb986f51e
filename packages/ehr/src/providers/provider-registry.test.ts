import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvError } from '@bulkhead/base';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createProviderRegistry } from './provider-registry.ts';
import { vendors } from './vendors/index.ts';

const builtInIds = ['athenahealth', ...vendors.map(({ entry }) => entry.id)];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-providers-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function writeProviders(content: unknown): { BULKHEAD_PROVIDERS_FILE: string } {
  const file = join(folder, 'providers.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return { BULKHEAD_PROVIDERS_FILE: file };
}

const provider = {
  id: 'open-ehr',
  name: 'Open EHR',
  environments: { test: { fhirEndpoint: 'https://open.example/fhir//' } },
  defaultEnvironment: 'test',
};

test("the provider registry contains athenahealth with the guide's endpoints and limits", () => {
  const registry = createProviderRegistry({});
  expect(registry.list().map(({ id }) => id)).toEqual(builtInIds);
  expect(registry.get('athenahealth')).toMatchObject({
    environments: {
      production: { fhirEndpoint: 'https://api.platform.athenahealth.com/fhir/r4' },
      sandbox: { fhirEndpoint: 'https://api.platform.athenahealth.com/fhir/r4/sandbox' },
      preview: { fhirEndpoint: 'https://api.preview.platform.athenahealth.com/fhir/r4' },
    },
    defaultEnvironment: 'production',
    groupIdTemplate: 'a-1.C-{practiceId}',
    rateLimit: { limit: 16, windowMs: 2000, perDay: 100_000 },
  });
});

test('the provider registry limits new tokens of athenahealth to 50 a minute in production and 5 a minute elsewhere', () => {
  const { environments } = createProviderRegistry({}).get('athenahealth');
  const perMinute = Object.entries(environments).map(([name, { tokenRateLimit }]) => [
    name,
    tokenRateLimit?.limit,
    tokenRateLimit?.windowMs,
  ]);
  expect(perMinute).toEqual([
    ['production', 50, 60_000],
    ['sandbox', 5, 60_000],
    ['preview', 5, 60_000],
  ]);
});

test('the provider registry reads the default schedule of athenahealth from its variable and those of other providers from the file', () => {
  const defaultSchedule = { cron: '0 2 * * *', timeZone: 'America/New_York', kind: 'export' };
  const registry = createProviderRegistry({
    ATHENAHEALTH_DEFAULT_SCHEDULE: JSON.stringify(defaultSchedule),
    ...writeProviders([{ ...provider, defaultSchedule }]),
  });
  for (const id of ['athenahealth', 'open-ehr']) expect(registry.get(id)).toMatchObject({ defaultSchedule });
});

test.each([
  { text: 'nightly', says: 'is not valid JSON' },
  { text: '{"cron":"0 2 30 2 *","timeZone":"UTC","kind":"export"}', says: 'cron: never fires' },
  { text: '{"cron":"0 2 * * *","timeZone":"Here","kind":"export"}', says: 'timeZone: is not a time zone' },
  { text: '{"cron":"0 2 * * *","timeZone":"UTC","kind":"backup"}', says: 'kind: must be one of: export, sync' },
])('the provider registry rejects the invalid default schedule $text', ({ text, says }) => {
  expect(() => createProviderRegistry({ ATHENAHEALTH_DEFAULT_SCHEDULE: text })).toThrow(says);
});

test("the provider registry configures athenahealth from the guide's environment variables", () => {
  const registry = createProviderRegistry({
    ATHENAHEALTH_CLIENT_ID: 'id',
    ATHENAHEALTH_CLIENT_SECRET: 'secret',
    ATHENAHEALTH_REDIRECT_URI: 'https://app.example/callback',
    ATHENAHEALTH_FHIR_ENDPOINT: 'http://127.0.0.1:8080/fhir/r4/',
  });
  expect(registry.get('athenahealth')).toMatchObject({
    clientId: 'id',
    clientSecret: 'secret',
    redirectUri: 'https://app.example/callback',
    environments: { production: { fhirEndpoint: 'http://127.0.0.1:8080/fhir/r4' } },
  });
});

test.each([
  { shape: 'an array', content: [provider] },
  { shape: 'an object', content: { providers: [provider] } },
])('the provider registry reads providers from $shape in a file', ({ content }) => {
  const registry = createProviderRegistry(writeProviders(content));
  expect(registry.list().map(({ id }) => id)).toEqual([...builtInIds, 'open-ehr']);
  expect(registry.get('open-ehr')).toEqual({
    ...provider,
    environments: { test: { fhirEndpoint: 'https://open.example/fhir' } },
  });
});

const facts = [
  {
    fact: 'the rate of an environment',
    patch: { environments: { preview: { rateLimit: { limit: 30, windowMs: 2000, perDay: 50_000 } } } },
  },
  { fact: 'one number of the limit', patch: { rateLimit: { perDay: 50_000 } } },
  { fact: 'the template of the group', patch: { groupIdTemplate: 'a-1.c-{practiceId}' } },
  { fact: 'the types of the scopes', patch: { scopeTypes: ['Patient', 'Coverage'] } },
  { fact: 'the scope', patch: { defaultScope: 'system/*.rs' } },
];

test.each(facts)(
  'an operator changes $fact of athenahealth by the file or the variable, and keeps its other facts',
  ({ patch }) => {
    const builtIn = createProviderRegistry({}).get('athenahealth');
    const entry = [{ id: 'athenahealth', ...patch }];
    for (const settings of [writeProviders(entry), { BULKHEAD_PROVIDERS: JSON.stringify(entry) }]) {
      const registry = createProviderRegistry(settings);
      expect(registry.list()).toHaveLength(builtInIds.length);
      const changed = registry.get('athenahealth');
      expect(changed).toMatchObject(patch);
      const [name = ''] = Object.keys(patch);
      const others = ({ [name as 'id']: _, ...rest }: typeof changed) => rest;
      expect(others(changed)).toEqual(others(builtIn));
      expect(changed.environments.production).toEqual(builtIn.environments.production);
      expect(changed.rateLimit?.limit).toBe(16);
    }
  },
);

test('an operator switches on parameters that change the content of a type, and the parameters that its search needs stay', () => {
  const DiagnosticReport = { 'ah-include-cpt-codes-for-imaging-results': 'true' };
  const entry = [{ id: 'athenahealth', search: { parametersByType: { DiagnosticReport } } }];
  const { search } = createProviderRegistry({ BULKHEAD_PROVIDERS: JSON.stringify(entry) }).get('athenahealth');
  expect(search?.parametersByType).toEqual({
    DiagnosticReport,
    MedicationRequest: { intent: expect.stringContaining('order') },
  });
  expect(search?.parameters).toHaveProperty('ah-practice');
});

test('the variable goes before the file, which it can change too, and null removes a fact', () => {
  const variable = [
    { id: 'athenahealth', rateLimit: null, environments: { production: { maxActiveExports: null } } },
    { id: 'open-ehr', name: 'Renamed' },
  ];
  const file = writeProviders([{ id: 'athenahealth', rateLimit: { perDay: 1 } }, provider]);
  const registry = createProviderRegistry({ ...file, BULKHEAD_PROVIDERS: JSON.stringify(variable) });
  expect(registry.get('athenahealth').rateLimit).toBeUndefined();
  expect(registry.get('athenahealth').environments.production).not.toHaveProperty('maxActiveExports');
  expect(registry.get('open-ehr')).toMatchObject({ name: 'Renamed', defaultEnvironment: 'test' });
});

test.each([
  { text: '[{"clientSecret":"planted"', says: 'BULKHEAD_PROVIDERS: is not valid JSON' },
  { text: '[{"id":"athenahealth","rateLimits":{}}]', says: '0.rateLimits: is not a field of this object' },
  { text: '[{"id":"athenahealth","rateLimit":"planted"}]', says: 'BULKHEAD_PROVIDERS: 0.rateLimit: ' },
  { text: '[{"id":"athenahealth","environments":null}]', says: 'BULKHEAD_PROVIDERS: 0.environments: ' },
  { text: '[{"id":"athenahealth","__proto__":{"planted":1}}]', says: 'BULKHEAD_PROVIDERS: 0' },
  { text: '"planted"', says: 'BULKHEAD_PROVIDERS: (file): must be a list of providers' },
  { text: '[null, 7]', says: 'BULKHEAD_PROVIDERS: 0: ' },
])('the provider registry rejects the facts $text', ({ text, says }) => {
  const create = () => createProviderRegistry({ BULKHEAD_PROVIDERS: text });
  expect(create).toThrow(EnvError);
  expect(create).toThrow(says);
  expect(create).not.toThrow(/planted":|"planted/);
});

test('the provider registry names the known providers in the error for an unknown provider', () => {
  const get = () => createProviderRegistry(writeProviders([provider])).get('constructor');
  expect(get).toThrow(
    expect.objectContaining({
      code: 'unknown-provider',
      message: expect.stringContaining('oracle-health, payer, open-ehr'),
    }),
  );
});

test.each([
  { what: 'invalid JSON', content: '{ "clientSecret": "planted" ', faults: [/is not valid JSON/] },
  { what: 'null', content: null, faults: [/\(file\): must be a list of providers/] },
  { what: 'a string', content: '"planted"', faults: [/\(file\): must be a list of providers/] },
  {
    what: 'several faults',
    content: [
      { ...provider, id: 'Open EHR', rateLimit: { limit: 0, windowMs: 1, perDay: 1.5 } },
      { ...provider, environments: { test: { fhirEndpoint: 'ftp://open.example', token: 1 } }, secret: 'planted' },
    ],
    faults: [
      /0\.id: must have only lower-case letters/,
      /0\.rateLimit\.limit: must be at least 1/,
      /0\.rateLimit\.windowMs: /,
      /0\.rateLimit\.perDay: must be a whole number/,
      /1\.environments\.test\.fhirEndpoint: must be an http:\/\/ or https:\/\/ URL/,
      /1\.secret: is not a field of this object/,
    ],
  },
  {
    what: 'an unknown fact, a negative limit and a window of more than 48 hours',
    content: [
      { ...provider, limitCountsBy: 'moon', kickOffWindow: { hours: 49 } },
      { ...provider, rateLimit: { limit: 10, windowMs: 1000, perDay: -1 }, patientsPerDay: 1 },
      { ...provider, kickOffWindow: { hours: -1 }, scopeTypes: ['Patients'], notExported: { Patient: 1 } },
      { ...provider, environments: { test: { fhirEndpoint: 'https://x.example', maxActiveExports: -1 } } },
    ],
    faults: [
      /0\.limitCountsBy: must be one of: client, server, practice/,
      /0\.kickOffWindow\.hours: must be at most 48/,
      /1\.rateLimit\.perDay: must be at least 1/,
      /1\.patientsPerDay: is not a field of this object/,
      /2\.kickOffWindow\.hours: /,
      /2\.scopeTypes\.0: is not a resource type of FHIR R4/,
      /2\.notExported\.Patient: /,
      /3\.environments\.test\.maxActiveExports: must be at least 1/,
    ],
  },
  {
    what: 'an unknown default environment',
    content: [{ ...provider, defaultEnvironment: 'prod' }],
    faults: [/defaultEnvironment/],
  },
  {
    what: 'a default environment named like a property of every object',
    content: [{ ...provider, defaultEnvironment: 'constructor' }],
    faults: [/defaultEnvironment/],
  },
])(
  'the provider registry rejects a file with $what, and reports every fault but none of the content',
  ({ content, faults }) => {
    const create = () => createProviderRegistry(writeProviders(content));
    expect(create).toThrow(EnvError);
    for (const fault of faults) expect(create).toThrow(fault);
    expect(create).not.toThrow(/planted/);
  },
);

test('the provider registry rejects a providers file that does not exist', () => {
  const create = () => createProviderRegistry({ BULKHEAD_PROVIDERS_FILE: join(folder, 'none.json') });
  expect(create).toThrow(EnvError);
  expect(create).toThrow(/ENOENT/);
});

test.each([
  { name: 'endpointHosts', pattern: '*.com' },
  { name: 'endpointHosts', pattern: '*' },
  { name: 'oauthHosts', pattern: '*.com' },
  { name: 'fileHosts', pattern: '*' },
  { name: 'origins', pattern: 'https://*.ehr.example' },
  { name: 'origins', pattern: 'https://files.ehr.example/path' },
  { name: 'aliases', pattern: 'ehr.internal' },
])('the provider registry refuses $pattern in $name, and says why', ({ name, pattern }) => {
  const create = () => createProviderRegistry(writeProviders([{ ...provider, [name]: [pattern] }]));
  expect(create).toThrow(new RegExp(`${name}\\.0: (?:is too wide|must be)`));
});

test('the provider registry accepts hosts, patterns of one organization, origins and aliases', () => {
  const given = {
    oauthHosts: ['localhost', '*.ehr.example'],
    fileHosts: ['files.example'],
    endpointHosts: ['*.ehr.example'],
    origins: ['https://files.ehr.example'],
    aliases: ['http://ehr.internal:8080'],
  };
  expect(createProviderRegistry(writeProviders([{ ...provider, ...given }])).get('open-ehr')).toMatchObject(given);
});

test('a file that changes is used, with what was measured, and one that is not valid changes nothing', () => {
  const settings = writeProviders([provider]);
  const registry = createProviderRegistry(settings);
  expect(registry.refresh([])).toBe(false);
  writeProviders([{ ...provider, name: 'Renamed' }]);
  expect([registry.refresh([]), registry.get('open-ehr').name]).toEqual([true, 'Renamed']);
  writeProviders('[{"id":"open-ehr","planted');
  expect(() => registry.refresh([])).toThrow('is not valid JSON');
  rmSync(settings.BULKHEAD_PROVIDERS_FILE);
  expect(() => registry.refresh([])).toThrow('ENOENT');
  expect(registry.get('open-ehr').name).toBe('Renamed');
  writeProviders([]);
  expect([registry.refresh([]), registry.list().map(({ id }) => id)]).toEqual([true, builtInIds]);
});
