import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTemporarySystem, type TemporarySystem } from '../chaos/system/start-temporary-system.ts';
import { dumpMongodb } from './dump-mongodb.fixture.ts';
import { dumpRedis } from './dump-redis.fixture.ts';
import { makePlanted } from './planted.fixture.ts';
import { readLogs, readMetrics } from './read-outputs.fixture.ts';
import { type ShownAnswer, useEverything } from './use-everything.fixture.ts';

/** Patient data belong in the collection of their type, and nowhere else in plain text. */
const resourceCollections = /^[A-Z]/;

const planted = makePlanted();
let system: TemporarySystem;
let answers: readonly ShownAnswer[];
let secrets: Readonly<Record<string, string>>;
let links: readonly string[];
let logs: string;
let metrics: string;
let redis: string;
let database: ReadonlyMap<string, string>;

beforeAll(async () => {
  // An operator may set DEBUG to find a fault. The log must not contain planted values then either.
  const env = { DEBUG: 'athenahealth:*', WORKER_DOCUMENTS: 'on', WORKER_WEBHOOK_PRIVATE_NETWORK: 'true' };
  system = await startTemporarySystem({ patients: 4, env: () => env });
  ({ answers, secrets, links } = await useEverything(system, planted));
  metrics = await readMetrics(system);
  redis = await dumpRedis(system.redis.url);
  database = await dumpMongodb(system.mongodb.url);
  logs = readLogs(system.folder);
}, 180_000);
afterAll(() => system?.stop());

const patientData = () => ({ name: planted.patientName, note: planted.note, document: planted.document });
const queries = () => ({ callback: planted.callback, filter: planted.filter, query: planted.query });
/** Returns the names of the values that a text contains. */
const secretsIn = (values: Readonly<Record<string, string>>, text: string) =>
  Object.entries(values)
    .filter(([, value]) => value === '' || text.includes(value))
    .map(([what]) => what);

test('planted secrets and patient data have passed through the system', () => {
  const stored = [...database].filter(([name]) => resourceCollections.test(name)).map(([, text]) => text);
  expect(secretsIn({ name: planted.patientName, note: planted.note }, stored.join('\n'))).toEqual(['name', 'note']);
  // The document as the API serves it, and the query of a callback in the record of its delivery.
  expect(answers.some(({ text }) => text === planted.document)).toBe(true);
  expect(database.get('webhook_deliveries')).toContain(planted.callback);
  expect(database.get('quarantine')).toContain('"reason"');
  expect(links.length).toBeGreaterThan(0);
  expect(Object.keys(secrets)).toEqual(expect.arrayContaining(['access token', 'session', 'webhook secret']));
  // The wrong secret was rejected, and the EHR's error arrived.
  expect(database.get('bulk_exports')).toContain('token-refused');
  expect(database.get('sync_steps')).toContain('ehr-forbidden');
  // The metrics of the workers count the stored resources and the rejection of the wrong secret.
  expect(metrics).toContain('bulkhead_resources_total{resource_type="Observation",outcome="written"}');
  expect(metrics).toContain('bulkhead_ehr_tokens_total{provider="athenahealth",outcome="refused"} 1');
  // DEBUG=athenahealth:* is in effect.
  expect(logs).toContain('"request answered"');
});

test('no secret is in a log', () => expect(secretsIn(secrets, logs)).toEqual([]));
test('no secret is in a metric', () => expect(secretsIn(secrets, metrics)).toEqual([]));
test('no secret is in Redis', () => expect(secretsIn(secrets, redis)).toEqual([]));
test('no secret is in MongoDB in plain text', () => {
  for (const [name, text] of database) expect([name, secretsIn(secrets, text)]).toEqual([name, []]);
});
test('no secret is in an answer of the API except the one that issues it', () => {
  const wrong = answers.filter(({ issuedSecret, text }) =>
    secretsIn(secrets, text).some((what) => what !== issuedSecret),
  );
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test('no patient data are in a log', () => expect(secretsIn(patientData(), logs)).toEqual([]));
test('no patient data are in a metric', () => expect(secretsIn(patientData(), metrics)).toEqual([]));
test('no patient data are in Redis', () => expect(secretsIn(patientData(), redis)).toEqual([]));
test('patient data are in plain text only in the collections of resources', () => {
  for (const [name, text] of database) {
    if (!resourceCollections.test(name)) expect([name, secretsIn(patientData(), text)]).toEqual([name, []]);
  }
});
test('patient data are only in answers to requests for them', () => {
  const wrong = answers.filter(
    ({ showsPatients, text }) => !showsPatients && secretsIn(patientData(), text).length > 0,
  );
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test('no query string is in a log', () => expect(secretsIn(queries(), logs)).toEqual([]));
test('no query string, id of a resource or address of an EHR is in a metric', () => {
  const links = { simulator: system.simulator.baseUrl, resource: planted.resourceId, patient: 'a-195900' };
  expect(secretsIn({ ...queries(), ...links }, metrics)).toEqual([]);
});
test('no query string is in Redis', () => expect(secretsIn(queries(), redis)).toEqual([]));
test('no query string of a signed link is in a log or in Redis', () => {
  expect(links.filter((link) => logs.includes(link) || redis.includes(link))).toEqual([]);
});
test.each([
  { what: 'a resource that was read', id: () => planted.resourceId },
  { what: 'a patient who was searched for', id: () => planted.searchedPatient },
])('the id of $what is only in the audit log', ({ id }) => {
  expect([logs.includes(id()), redis.includes(id())]).toEqual([false, false]);
  const holders = [...database].filter(([, text]) => text.includes(id())).map(([name]) => name);
  expect(holders).toEqual(['audit_events']);
});
test('the query string of a search is not stored, except for its patient', () => {
  for (const [name, text] of database) expect([name, text.includes(planted.query)]).toEqual([name, false]);
});

test('text of an EHR is in no log, metric or job, and elsewhere only in the field for operators', () => {
  expect([logs, metrics, redis].filter((text) => text.includes(planted.upstream))).toEqual([]);
  const elsewhere = [...database.values(), ...answers.map(({ text }) => text)];
  expect(elsewhere.some((text) => text.includes(planted.upstream))).toBe(true);
  const withoutField = elsewhere.map((text) => text.replaceAll(/"ehrText":\s*"[^"]*"/g, ''));
  expect(withoutField.filter((text) => text.includes(planted.upstream))).toEqual([]);
});
