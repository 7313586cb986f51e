import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installFromPypi } from '@bulkhead/embedded';
import { countOfConnection } from '@bulkhead/erasure';
import { ageChanges } from '@bulkhead/records/testing';
import { waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { importJWK, type JWK, SignJWT } from 'jose';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';
import { blocksOf, commandsOf, runShell } from './run-shell.fixture.ts';

const system = await startTestSystem({ ...onTestServers(), patients: 4 });
afterAll(() => system.stop());

function run(commands: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { baseUrl: BULKHEAD_URL, apiKey: BULKHEAD_API_KEY, connectionId: CONNECTION } = system;
  return runShell({ commands, folder: system.folder, env: { BULKHEAD_URL, BULKHEAD_API_KEY, CONNECTION, ...env } });
}

test('the commands of docs/how-to/nightly-sync.md work as written', async () => {
  const printed = await run(await commandsOf('docs/how-to/nightly-sync.md'));
  expect(printed).toMatch(/COMPLETED {2}\d+ stored/);
  expect(await system.store.schedules.list({ connectionId: system.connectionId, scope: 'all' })).toMatchObject([
    { kind: 'sync', cron: '0 2 * * *', paused: false },
    { kind: 'export', cron: '0 22 1 * *', paused: false },
    { kind: 'sync', request: { includeStandard: false, includeEnhanced: false, includeReferences: true } },
    { kind: 'export', cron: '0 3 * * *', request: { cohort: 'diabetes' } },
  ]);
  expect(await system.store.cohorts.list(system.connectionId)).toMatchObject([{ name: 'diabetes', count: 2 }]);
});

test('the commands of docs/how-to/measure-an-ehr.md measure the EHR and apply its facts', async () => {
  await run('bulkhead export start --connection "$CONNECTION" --types Patient,Observation --watch');
  // A person is asked before it sends anything.
  const page = (await commandsOf('docs/how-to/measure-an-ehr.md')).replace(' --out', ' --yes --out');
  const printed = await run(page);
  expect(printed).toMatch(/^the largest page of a {2,}\S+/m);
  const { facts } = JSON.parse(readFileSync(join(system.folder, 'facts.json'), 'utf8'));
  expect(facts.groupIdTemplate).toMatchObject({ value: 'a-1.C-{practiceId}', differs: false });
  expect(await system.store.providerFacts.list()).toMatchObject([{ facts: { since: { value: 'accepted' } } }]);
});

test('the commands of docs/how-to/find-an-endpoint.md find a practice in each kind of list', async () => {
  const endpoint = (id: string, more: object = {}) => ({
    resource: { resourceType: 'Endpoint', id, status: 'active', address: `https://${id}.example/fhir`, ...more },
  });
  const organization = (id: string, name: string, more: object) => ({
    resource: { resourceType: 'Organization', id, name, ...more },
  });
  const at = (...ids: string[]) => ({ endpoint: ids.map((id) => ({ reference: `Endpoint/${id}` })) });
  const entry = [
    organization('brand', 'General Hospital', at('brand', 'old')),
    organization('clinic', 'General Hospital, north', {
      partOf: { reference: 'https://a.example/Organization/brand' },
    }),
    organization('other', 'Other', at('other')),
    organization('nowhere', 'General hospital without an endpoint', {}),
    ...[endpoint('brand'), endpoint('old', { status: 'off' }), endpoint('other', { name: 'Other' })],
    ...[
      endpoint('named', { name: 'A general hospital' }),
      endpoint('gone', { name: 'General Hospital', status: 'off' }),
    ],
  ];
  writeFileSync(join(system.folder, 'brands.json'), JSON.stringify({ resourceType: 'Bundle', entry }));
  const printed = await run(await commandsOf('docs/how-to/find-an-endpoint.md'));
  expect(printed.trim().split('\n')).toEqual([
    'General Hospital\thttps://brand.example/fhir',
    'General Hospital, north\thttps://brand.example/fhir',
    'A general hospital\thttps://named.example/fhir',
  ]);
});

test('the program of docs/how-to/new-each-night.md lists everything once, and then what has changed', async () => {
  await run('bulkhead export start --connection "$CONNECTION" --types Observation --watch');
  const page = await commandsOf('docs/how-to/new-each-night.md');
  const isStored = /^PUT Observation\/\S+ final$/;
  const first = (await run(page)).trim().split('\n');
  expect(first.filter((line) => !isStored.test(line))).toEqual([]);
  const { resources } = await countOfConnection(system.store.features, system.connectionId);
  expect([first.length, new Set(first).size]).toEqual([resources.Observation, resources.Observation]);
  // The latest changes are listed again.
  expect((await run(page)).trim().split('\n').toSorted()).toEqual(first.toSorted());
  await ageChanges({ mongodbUri: system.mongodb.url, resourceTypes: ['Observation'] });
  expect(await run(page)).toBe('');
});

test('the commands of docs/how-to/serve-bulk-data.md register a client, which gets a token and reads', async () => {
  const printed = await run(
    `${await commandsOf('docs/how-to/serve-bulk-data.md')}\nprintf '\\nclient %s at %s\\n' "$CLIENT_ID" "$FHIR_URL"`,
  );
  expect(printed).toContain(`"token_endpoint":"${system.baseUrl}/api/ehr/oauth/token"`);
  const [, clientId = '', fhirUrl = ''] = /^client (\S+) at (\S+)$/m.exec(printed) ?? [];
  const keys = JSON.parse(readFileSync(join(system.folder, 'private.jwks'), 'utf8')).keys as readonly JWK[];
  const tokenUrl = `${system.baseUrl}/api/ehr/oauth/token`;
  const assertion = await new SignJWT({ jti: 'once' })
    .setProtectedHeader({ alg: 'ES384', typ: 'JWT', kid: String(keys[1]?.kid) })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(tokenUrl)
    .setExpirationTime('2m')
    .sign(await importJWK(keys[1] as JWK, 'ES384'));
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  const form = {
    grant_type: 'client_credentials',
    scope: 'system/*.rs',
    client_assertion_type: type,
    client_assertion: assertion,
  };
  const granted = await fetch(tokenUrl, { method: 'POST', body: new URLSearchParams(form) });
  const { access_token: token } = (await granted.json()) as { readonly access_token: string };
  const read = await fetch(`${fhirUrl}/Observation?_count=1`, { headers: { authorization: `Bearer ${token}` } });
  expect([granted.status, read.status]).toEqual([200, 200]);
});

test('the commands of docs/tables.md run a view, which has the columns of its table', async () => {
  const printed = await run(await commandsOf('docs/tables.md'));
  expect(printed).toMatch(/^patient_id,first_name,/m);
});

test('the commands of docs/how-to/keep-a-warehouse-current.md bring every resource', async () => {
  await run('bulkhead export start --connection "$CONNECTION" --types Observation,Condition --watch');
  const blocks = await blocksOf('docs/how-to/keep-a-warehouse-current.md');
  const [follow = [], read = []] = [true, false].map((follows) =>
    blocks.map((block) => block.trim()).filter((block) => block.startsWith('bulkhead') === follows),
  );
  for (const command of follow) await run(`${command} --once`);
  const duckdb = await installFromPypi({ name: 'duckdb-cli', version: '1.5.6', command: 'duckdb', env: process.env });
  if ('command' in duckdb)
    expect(await run(`PATH="${dirname(duckdb.command)}:$PATH"\n${read.join('\n')}`)).toMatch(/│ +4 │/);
  const patients = readdirSync(join(system.folder, 'tables', 'current', 'patient'));
  expect(patients).toEqual([expect.stringMatching(/^patient-all-.*\.parquet$/)]);
  const folder = join(system.folder, 'records');
  const lines = readdirSync(folder)
    .filter((name) => name.endsWith('.ndjson'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'));
  const { resources } = await countOfConnection(system.store.features, system.connectionId);
  expect(lines.length).toBe(Object.values(resources).reduce((sum, count) => sum + count, 0));
});

test('the commands of docs/how-to/recover-a-failed-export.md work as written', async () => {
  const { inject } = system.simulator;
  await inject('export$', { kind: 'export-fate', end: 'fails' });
  await inject('bulkdata/.*Condition', { kind: 'corrupt-line', line: 1 });
  const failed = await run('bulkhead export start --connection "$CONNECTION" --types Condition --watch || true');
  expect(failed).toContain('FAILED');
  // An operator corrects the line in an editor.
  const editor = join(system.folder, 'editor');
  const mended = '{"resourceType":"Condition","id":"mended","subject":{"reference":"Patient/x"}}';
  writeFileSync(editor, `#!/bin/sh\necho '${mended}' > "$1"\n`, { mode: 0o755 });
  const commands = await commandsOf('docs/how-to/recover-a-failed-export.md');
  // The page says that it ends with 7, which would end the commands.
  const continued = commands.replace('bulkhead export watch "$EXPORT"', '$& || [ $? = 7 ]');
  expect(continued).not.toBe(commands);
  const printed = await run(continued, { EDITOR: editor });
  expect(printed).toContain('The export failed at the EHR');
  expect(printed).toMatch(/COMPLETED, partial {2}\d+ stored, 1 quarantined/);
  expect(await run('bulkhead resources get --connection "$CONNECTION" --types Condition')).toContain('"id":"mended"');
});

test('the commands of docs/how-to/ship-logs.md work as written', async () => {
  const EXPORT = (await run('bulkhead export start --connection "$CONNECTION" --types Patient')).split(/\s/)[0] ?? '';
  await run(`bulkhead export watch ${EXPORT}`);
  const logs = readdirSync(join(system.folder, 'logs')).map((file) =>
    readFileSync(join(system.folder, 'logs', file), 'utf8'),
  );
  const LOG = join(system.folder, 'all.log');
  writeFileSync(LOG, logs.join(''));
  const printed = await run(await commandsOf('docs/how-to/ship-logs.md'), { LOG, EXPORT });
  expect(printed).toContain(`"exportId":"${EXPORT}"`);
});

test('the commands of docs/how-to/route-alerts.md work as written', async () => {
  await run(await commandsOf('docs/how-to/route-alerts.md'));
  expect(readFileSync(join(system.folder, 'doctor.txt'), 'utf8')).toMatch(/MongoDB/);
});

test('the commands of docs/cli.md work as written', async () => {
  const page = (await commandsOf('docs/cli.md'))
    .replace('https://bulkhead.example', system.baseUrl)
    .replace('bulkhead_…', system.apiKey)
    .replace('conn_…', system.connectionId);
  expect(await run(page, { BULKHEAD_URL: '', BULKHEAD_API_KEY: '' })).toMatch(/COMPLETED {2}\d+ stored/);
});

/** The environment of a process of the system. */
const processEnv = () => ({
  MONGODB_URI: system.mongodb.url,
  REDIS_URL: system.redis.url,
  BULKHEAD_ENCRYPTION_KEY: system.encryptionKey,
});

// docs/audit.md lists what the tests above did.
test.each([
  { page: 'docs/how-to/install.md', env: processEnv, prints: [/^bulkhead_\w+$/m] },
  { page: 'docs/how-to/upgrade.md', env: processEnv, prints: [/"ready":true/, /^ok +MongoDB\b/m] },
  { page: 'docs/how-to/production-checklist.md', prints: [/ chaos +operator /, /athenahealth\.production/] },
  { page: 'docs/audit.md', prints: [/\nchecked +\d+\nfrom +1, written \S+ \S+ UTC\nhead +\d+:[0-9a-f]{64}\n/] },
])('the commands of $page work as written', async ({ page, env, prints }) => {
  const printed = await run(await commandsOf(page), env?.());
  for (const line of prints) expect(printed).toMatch(line);
});

test('the commands of docs/how-to/erase.md work as written', async () => {
  const { store } = system;
  const create =
    'BULKHEAD_CLIENT_SECRET=simulator-secret bulkhead connections create --client-id simulator-client --scopes v2';
  const CONNECTION = (await run(`${create} --practice 195900 --force`)).trim();
  await run(`bulkhead export start --connection "${CONNECTION}" --types Patient,Observation --watch`);
  const resource = await store.resourceSearch.stream({ connectionId: CONNECTION, resourceType: 'Patient' }).next();
  const { id: PATIENT } = resource.value as { readonly id: string };
  const page = await commandsOf('docs/how-to/erase.md');
  // The page purges the connection first, after which there is no patient left to erase.
  const [purge, erase] = [
    page.slice(0, page.indexOf('bulkhead patients')),
    page.slice(page.indexOf('bulkhead patients')),
  ];
  const printed = await run(erase, { CONNECTION, PATIENT });
  expect(printed).toMatch(/Patient +1\n/);
  expect(printed).toMatch(/erase_\w+\n/);
  expect(await run(purge, { CONNECTION })).toMatch(/Patient +\d[\s\S]+phase +(queued|running)/);
  const erasures = () => store.erasures.list({ connectionId: CONNECTION, scope: 'all', limit: 10 });
  const haveStopped = async () => (await erasures()).every(({ stoppedAt }) => stoppedAt !== undefined);
  await waitFor(haveStopped, { timeoutMs: 60_000, what: 'the start of the erasures' });
  // An erasure waits 30 s for writes that had started.
  system.shiftClocks(31_000);
  const areCompleted = async () => (await erasures()).map(({ phase }) => phase).join() === 'completed,completed';
  await waitFor(areCompleted, { timeoutMs: 60_000, what: 'the end of the erasures' });
  expect(await run('bulkhead erasures list --connection "$CONNECTION"', { CONNECTION })).toMatch(
    /connection[\s\S]+patient/,
  );
  expect(await countOfConnection(store.features, CONNECTION)).toEqual({ resources: {}, records: {}, contentBytes: 0 });
}, 240_000);

// This must be the last test: it stops the processes, which have the previous key.
test('the commands of docs/how-to/rotate-keys.md work as written', async () => {
  for (const child of [system.api, system.serve, ...system.workers]) await child.stop();
  const printed = await run(await commandsOf('docs/how-to/rotate-keys.md'), processEnv());
  expect(printed).toMatch(/"collection":"connections".*"encryptedAgain":[1-9]/);
  expect(printed.trim().split('\n').at(-1)).toBe('All values are encrypted with the current key.');
});
