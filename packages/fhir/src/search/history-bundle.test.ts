import { expect, test } from '@jest/globals';
import { historyBundle } from './write-bundle.ts';

const self = 'https://bulkhead.example/Observation/_history?_since=2026-11-01T00:00:00Z';
const until = new Date('2026-11-03T08:00:00Z');
const changedAt = new Date('2026-11-03T07:00:00Z');
const fullUrl = 'https://ehr.example/Observation/a';
const change = { fullUrl, reference: 'Observation/a', versionId: '2', changedAt };

test('a history has the text of a stored resource, and a deletion without content', () => {
  const resource = '{"resourceType":"Observation","id":"a","valueQuantity":{"value":1.50}}';
  const next = `${self}&_cursor=x`;
  const deleted = { ...change, resource: undefined, versionId: undefined };
  const text = historyBundle({ self, next, until, entries: [{ ...change, resource }, deleted] });
  expect(text).toContain(resource);
  expect(JSON.parse(text)).toEqual({
    resourceType: 'Bundle',
    type: 'history',
    meta: { lastUpdated: '2026-11-03T08:00:00.000Z' },
    link: [
      { relation: 'self', url: self },
      { relation: 'next', url: next },
    ],
    entry: [
      {
        fullUrl,
        resource: JSON.parse(resource),
        request: { method: 'PUT', url: 'Observation/a' },
        response: { status: '200', etag: 'W/"2"', lastModified: '2026-11-03T07:00:00.000Z' },
      },
      {
        fullUrl,
        request: { method: 'DELETE', url: 'Observation/a' },
        response: { status: '204', lastModified: '2026-11-03T07:00:00.000Z' },
      },
    ],
  });
});

test('a history without changes has no list of entries', () => {
  const { entry, link } = JSON.parse(historyBundle({ self, until, entries: [] }));
  expect([entry, link]).toEqual([undefined, [{ relation: 'self', url: self }]]);
});
