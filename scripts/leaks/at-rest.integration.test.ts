import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@bulkhead/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTemporarySystem, type TemporarySystem } from '../chaos/system/start-temporary-system.ts';
import { createApiClient } from '../system/api-client.ts';
import { dumpMongodb } from './dump-mongodb.fixture.ts';
import { dumpRedis } from './dump-redis.fixture.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/security.md'), 'utf8');
const mark = (what: string) => `at-rest-${what}-${randomBytes(9).toString('hex')}`;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const planted = {
  clientSecret: mark('client-secret'),
  webhookSecret: mark('webhook-secret'),
  name: mark('name'),
  inline: mark('inline'),
  fetched: mark('fetched'),
  badLine: mark('bad-line'),
  title: mark('title'),
  address: mark('address'),
  patientId: mark('patient'),
  filter: mark('filter'),
  callback: mark('callback'),
  ehrText: mark('ehr-text'),
};

let system: TemporarySystem;
let redis: string;
let database: ReadonlyMap<string, string>;
/** The values that must not be readable anywhere. */
let encrypted: Readonly<Record<string, string>>;

beforeAll(async () => {
  system = await startTemporarySystem({ patients: 2, env: () => ({ WORKER_DOCUMENTS: 'on' }) });
  encrypted = await plantEverything();
  redis = await dumpRedis(system.redis.url);
  database = await dumpMongodb(system.mongodb.url);
}, 240_000);
afterAll(() => system?.stop());

/** Passes the values in through the EHR and through users. @returns those that must be encrypted */
async function plantEverything(): Promise<Readonly<Record<string, string>>> {
  const { simulator, connectionId, store } = system;
  const api = createApiClient(system);
  await store.connections.saveWebhook({ id: connectionId, url: undefined, secret: planted.webhookSecret });
  await putPatient();
  // The files need no token, because their link is a signed URL.
  await simulator.change({ requiresAccessToken: false });
  const line = `{"resourceType":"Condition","note":"${planted.badLine}"`;
  await simulator.inject('bulkdata/.*Condition', { kind: 'corrupt-line', line: 1, with: line });
  const binary = { resourceType: 'Binary', contentType: 'text/plain', data: base64(planted.fetched) };
  const fault = { kind: 'status', status: 200, body: binary };
  await simulator.inject(planted.address, fault, { times: 'always' });

  const callbackUrl = `https://receiver.example/${planted.callback}`;
  const typeFilters = [`Patient?name=${planted.filter}`];
  const request = { connectionId, callbackUrl, typeFilters };
  const { id } = await api<{ id: string }>('POST', '/api/ehr/athenahealth/bulk-export', request);
  await ended(`/api/ehr/athenahealth/bulk-export/${id}`);

  const refusal = {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'forbidden', diagnostics: planted.ehrText }],
  };
  await simulator.inject('r4/Condition$', { kind: 'status', status: 403, body: refusal }, { times: 'always' });
  const sync = await api<{ url: string }>(
    'POST',
    '/api/ehr/athenahealth/enhanced-sync',
    { connectionId, patients: [planted.patientId], callbackUrl },
    { prefer: 'respond-async' },
  );
  await ended(sync.url);

  const auth = { method: 'client_credentials', clientId: 'other-client', clientSecret: planted.clientSecret };
  await api('POST', '/api/ehr/connections', { provider: 'athenahealth', practiceId: '195900', force: true, auth });
  // A FHIR response has no envelope.
  const search = `/api/ehr/athenahealth/resources/Patient?connectionId=${connectionId}&patient=${planted.patientId}`;
  await fetch(system.baseUrl + search, { headers: { authorization: `Bearer ${system.apiKey}` } });
  const documents = `/api/ehr/athenahealth/documents?connectionId=${connectionId}&patient=${planted.patientId}&state=stored`;
  await until(async () => (await api<readonly object[]>('GET', documents)).length === 2, 'two documents');

  const files = await store.outputFiles.listByExport(id);
  const { token } = await store.accessTokens.read({ connectionId, credentialsVersion: 0 });
  return {
    'client secret': planted.clientSecret,
    'webhook secret': planted.webhookSecret,
    'access token': token?.accessToken ?? '',
    'signed URL': files.map(({ url }) => new URL(url).search).find((query) => query.length > 20) ?? '',
    'quarantined line': planted.badLine,
    'fetched document': planted.fetched,
    'decoded inline document': planted.inline,
  };
}

async function putPatient(): Promise<void> {
  const { patientId: id, name, title, address } = planted;
  const subject = { reference: `Patient/${id}` };
  const report = (reportId: string, attachment: object) => ({
    ...{ resourceType: 'DocumentReference', id: reportId, status: 'current', subject },
    content: [{ attachment: { contentType: 'text/plain', ...attachment } }],
  });
  const resources = [
    { resourceType: 'Patient', id, name: [{ family: name }] },
    report('at-rest-1', { title, data: base64(planted.inline) }),
    report('at-rest-2', { url: `Binary/${address}` }),
  ];
  for (const resource of resources)
    await system.simulator.put(resource.resourceType, resource.id, JSON.stringify(resource));
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  await waitFor(condition, { timeoutMs: 60_000, intervalMs: 200, what });
}

function ended(path: string): Promise<void> {
  const api = createApiClient(system);
  return until(async () => (await api<{ status: string }>('GET', path)).status !== 'IN_PROGRESS', `end of ${path}`);
}

/**
 * Returns the rows of a section's table: the texts of the first cell, each with the texts in backticks of the second.
 */
function readTable(section: string): ReadonlyMap<string, readonly string[]> {
  const [, text = ''] = page.split(`\n### ${section}\n`);
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

describe('the tables of docs/security.md', () => {
  test('the page names exactly the fields that a rotation of the key encrypts again', async () => {
    const namedFields = [...readTable('Encrypted by the application').values()]
      .flat()
      .filter((name) => !name.endsWith('.chunks'));
    const report = await system.store.rotateEncryptionKey({ dryRun: true });
    expect(namedFields.sort()).toEqual(report.map(({ collection, field }) => `${collection}.${field}`).sort());
  });

  test('fields that the page names as encrypted are readable nowhere', () => {
    for (const [what, text] of Object.entries(encrypted)) {
      expect({ what, isThere: text.length > 20 }).toEqual({ what, isThere: true });
      expect({ what, holders: holders(text), inRedis: redis.includes(text) }).toEqual({
        what,
        holders: [],
        inRedis: false,
      });
    }
    // The inline attachment is in its resource, as base64.
    for (const text of [planted.clientSecret, planted.badLine, planted.fetched])
      expect(holders(base64(text))).toEqual([]);
  });

  test.each([
    { row: /^resources:/, text: planted.name },
    { row: /^inline attachments/, text: base64(planted.inline) },
    { row: /^titles and addresses/, text: planted.title },
    { row: /^titles and addresses/, text: planted.address },
    { row: /^ids of patients/, text: planted.patientId },
    { row: /^type filters/, text: planted.filter },
  ])('the page names exactly the collections that contain the plain text of the row $row', ({ row, text }) => {
    expect(holders(text)).toEqual([...placesOf(row)].sort());
    expect(redis).not.toContain(text);
  });

  test.each([
    { row: /^addresses that clients/, text: planted.callback },
    { row: /^what an EHR said/, text: planted.ehrText },
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
