import { readFileSync } from 'node:fs';
import { makeDocument } from '@bulkhead/records/testing';
import { toBatches } from '@bulkhead/store';
import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const api = await startApi();
const connectionId = await api.createConnection();
const base = `/api/ehr/athenahealth/fhir/${connectionId}`;
afterAll(() => api.stopAndCheckAnswers());

interface StatedParameter {
  readonly name: string;
  readonly type: string;
  readonly definition?: string;
}

interface StatedResource {
  readonly type: string;
  readonly interaction: readonly { readonly code: string }[];
  readonly searchParam: readonly StatedParameter[];
  readonly searchInclude?: readonly string[];
  readonly searchRevInclude: readonly string[];
}

const { status, body, headers } = await api.request('GET', `${base}/metadata`, { authorization: null });
const stated: readonly StatedResource[] = body.rest[0].resource;

/**
 * The search parameters of R4, one type on each line: names with their types. They are facts of
 * https://hl7.org/fhir/R4/search-parameters.json (CC0).
 */
const fixture = new URL('../../../../../packages/fhir/src/search/r4-parameters.fixture.txt', import.meta.url);
const published = new Map(
  readFileSync(fixture, 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [type = '', ...parameters] = line.split(' ');
      return [type, new Map(parameters.map((parameter) => parameter.split(':') as [string, string]))] as const;
    }),
);
const ofEveryType = new Map([
  ['_id', 'token'],
  ['_lastUpdated', 'date'],
  ['_security', 'token'],
]);

test('the statement is FHIR JSON with the URL of the connection, and needs no key', () => {
  expect([status, headers.get('content-type')]).toEqual([200, expect.stringMatching(/^application\/fhir\+json/)]);
  expect(body.implementation.url).toBe(api.baseUrl + base);
  expect(stated.length).toBeGreaterThan(140);
});

test('each parameter without a definition is one of R4, with its type, and each other one has a definition', () => {
  const unknown = stated.flatMap(({ type, searchParam }) =>
    searchParam
      .filter(({ name, type: kind, definition }) => {
        const ofR4 = ofEveryType.get(name) ?? published.get(type)?.get(name);
        return definition === undefined ? ofR4 !== kind : !definition.startsWith('urn:bulkhead:');
      })
      .map(({ name }) => `${type}?${name}`),
  );
  expect(unknown).toEqual([]);
  const ownOfR4 = stated.flatMap(({ type, searchParam }) =>
    searchParam
      .filter(({ name, definition }) => definition !== undefined && published.get(type)?.has(name))
      .map(({ name }) => `${type}?${name}`),
  );
  // R4's `date` of these types is another one: the times of each dose, or the date of a definition instead of its validity.
  expect(ownOfR4.filter((parameter) => !parameter.endsWith('?date'))).toEqual([]);
  expect(ownOfR4).toContain('MedicationRequest?date');
});

const values: Readonly<Record<string, string>> = { date: 'ge2026', string: 'x', token: 'x', reference: 'Patient/x' };
/** Its target is of one type. */
const ofOneType = ['practitioner', 'location', 'encounter'];

/** A search can name this many references. */
const includesOfRequest = 20;

test('every listed parameter, _include and _revinclude of every type is accepted, and others are refused by name', async () => {
  const wrong: string[] = [];
  for (const { type, searchParam, searchInclude = [], searchRevInclude } of stated) {
    const criteria = searchParam.map(
      ({ name, type: kind }) => `${name}=${ofOneType.includes(name) ? 'x' : values[kind]}`,
    );
    const references = Object.entries({ _include: searchInclude, _revinclude: searchRevInclude }).flatMap(
      ([name, includes]) =>
        toBatches(includes, includesOfRequest).map((some) => some.map((include) => `${name}=${include}`)),
    );
    for (const parameters of [criteria, ...references]) {
      const { status: accepted, text } = await api.request('GET', `${base}/${type}?${parameters.join('&')}&_count=1`);
      if (accepted !== 200) wrong.push(`${type}: ${text}`);
    }
    const others = ['code', 'category', 'date', 'family', 'patient', 'status'].filter(
      (name) => !searchParam.some((parameter) => parameter.name === name),
    );
    const { text } = await api.request('GET', `${base}/${type}?${others.map((name) => `${name}=2026`).join('&')}`);
    for (const name of others)
      if (!text.includes(`\`${name}\` is not a parameter of this search`)) wrong.push(`${type}?${name} is not refused`);
  }
  expect(wrong).toEqual([]);
});

test('every listed interaction of every type works', async () => {
  const failed: string[] = [];
  for (const { type, interaction } of stated) {
    await api.store.prepareResourceTypes([type]);
    const resource = { resourceType: type, id: 'x', meta: { versionId: '1' } };
    await api.store.resourceWriter.write(type, [makeDocument(resource, { connectionId })]);
    const paths: Readonly<Record<string, string>> = {
      read: `${type}/x`,
      vread: `${type}/x/_history/1`,
      'search-type': type,
      'history-instance': `${type}/x/_history`,
      'history-type': `${type}/_history`,
    };
    for (const { code } of interaction) {
      const answer = await api.request('GET', `${base}/${paths[code]}`, { accept: 'application/fhir+json' });
      if (answer.status !== 200) failed.push(`${code} of ${type}: ${answer.status}`);
    }
  }
  expect(failed).toEqual([]);
});
