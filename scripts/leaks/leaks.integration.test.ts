import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestSystem, type TestSystem } from '../test-system/start-test-system.ts';
import { dumpMongodb } from './dump-mongodb.fixture.ts';
import { dumpRedis } from './dump-redis.fixture.ts';
import { makePlanted } from './planted.fixture.ts';
import { readLogs, readMetrics } from './read-outputs.fixture.ts';
import { type ShownAnswer, useEverything } from './use-everything.fixture.ts';

/** Patient data belong in the collection of their type, and nowhere else in plain text. */
const resourceCollections = /^[A-Z]/;

const page = readFileSync(join(import.meta.dirname, '../../docs/security/encryption.md'), 'utf8');
const base64 = (text: string) => Buffer.from(text).toString('base64');
const planted = makePlanted();
let system: TestSystem;
let answers: readonly ShownAnswer[];
let secrets: Readonly<Record<string, string>>;
let links: readonly string[];
let signedLink: string;
let logs: string;
let metrics: string;
let redis: string;
let database: ReadonlyMap<string, string>;

beforeAll(async () => {
  // An operator may set DEBUG to find a fault. The log must not contain planted values then either.
  const env = { DEBUG: 'athenahealth:*', WORKER_DOCUMENTS: 'on', WORKER_WEBHOOK_PRIVATE_NETWORK: 'true' };
  system = await startTestSystem({ patients: 4, inMemory: true, env });
  ({ answers, secrets, links, signedLink } = await useEverything(system, planted));
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

/**
 * Returns the rows of a section's table: the texts of the first cell, each with the texts in backticks of the second.
 */
function readTable(section: string): ReadonlyMap<string, readonly string[]> {
  const [, text = ''] = page.split(`\n## ${section}\n`);
  const rows = [...(text.split(/\n##/)[0] ?? '').matchAll(/^\| (?!what \||-)(.+?) \| (.+?) \|/gm)];
  return new Map(
    rows.map(([, what = '', where = '']) => [what, [...where.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)]),
  );
}

/** Returns the collections whose documents contain a text, by the names of the page. */
function holders(text: string): readonly string[] {
  const names = [...database].filter(([, dump]) => dump.includes(text)).map(([name]) => name);
  return [...new Set(names.map((name) => (/^[A-Z]/.test(name) ? '<resource type>' : name)))].sort();
}

describe('the tables of docs/security/encryption.md', () => {
  test('the page names exactly the fields that a rotation of the key encrypts again', async () => {
    const namedFields = [...readTable('Encrypted by the application').values()]
      .flat()
      .filter((name) => !name.endsWith('.chunks'));
    const { fields } = await system.store.rotateEncryptionKey({ dryRun: true });
    expect(namedFields.sort()).toEqual(fields.map(({ collection, field }) => `${collection}.${field}`).sort());
  });

  test('fields that the page names as encrypted are readable nowhere', () => {
    const encrypted = {
      'client secret': planted.wrongSecret,
      'webhook secret': secrets['webhook secret'] ?? '',
      'access token': secrets['access token'] ?? '',
      'signed URL': signedLink,
      'quarantined line': planted.badLine,
      'fetched document': planted.fetched,
      'decoded inline document': planted.document,
    };
    for (const [what, text] of Object.entries(encrypted)) {
      expect({ what, isThere: text.length > 20 }).toEqual({ what, isThere: true });
      expect({ what, holders: holders(text), inRedis: redis.includes(text) }).toEqual({
        what,
        holders: [],
        inRedis: false,
      });
    }
    // The inline attachment is in its resource, as base64.
    for (const text of [planted.wrongSecret, planted.badLine, planted.fetched])
      expect(holders(base64(text))).toEqual([]);
  });

  test.each([
    { row: /^resources:/, text: planted.patientName },
    { row: /^inline attachments/, text: base64(planted.document) },
    { row: /^titles and URLs/, text: planted.title },
    { row: /^titles and URLs/, text: planted.address },
    { row: /^ids of patients/, text: planted.patientId },
    { row: /^type filters/, text: planted.filter },
  ])('the page names exactly the collections that contain the plain text of the row $row', ({ row, text }) => {
    expect(holders(text)).toEqual([...placesOf(row)].sort());
    expect(redis).not.toContain(text);
  });

  test.each([
    { row: /^URLs that clients/, text: planted.callback },
    { row: /^error texts of an EHR/, text: planted.upstream },
  ])('the page names at least the collections that contain the plain text of the row $row', ({ row, text }) => {
    expect(holders(text).length).toBeGreaterThan(0);
    expect(placesOf(row)).toEqual(expect.arrayContaining([...holders(text)]));
    expect(redis).not.toContain(text);
  });
});

function placesOf(row: RegExp): readonly string[] {
  const rows = [...readTable('In plain text')].filter(([what]) => row.test(what));
  expect(rows).toHaveLength(1);
  return (rows[0]?.[1] ?? []).filter((name) => name !== 'ehrText');
}
