import { parseExact, type Resource } from '@bulkhead/fhir';
import { expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { documentContext as context } from '../testing/make-document.ts';
import { fitsInDocument, toResourceDocument, toTombstone } from './resource-document.ts';

function make(resource: { readonly resourceType: string; readonly id: string; readonly [element: string]: unknown }) {
  const json = Buffer.from(JSON.stringify(resource));
  return { json, document: toResourceDocument({ resource, json, hasExactNumbers: false, context }) };
}

test('a resource document has an id of connection and resource, and a hash of the line', () => {
  const { document } = make({ resourceType: 'Observation', id: 'o', meta: { versionId: '2' } });
  expect(document).toEqual({
    _id: 'conn_1/o',
    connectionId: 'conn_1',
    resourceId: 'o',
    source: context.source,
    observedAt: context.observedAt,
    storedAt: context.now,
    lastUpdated: context.observedAt,
    versionId: '2',
    contentHash: 'fYF4iKYGLd3gs8WK1B9JARNMePuNDFN1vEavt_auC3A',
    deleted: false,
    subsetted: false,
    keys: {},
    resource: { resourceType: 'Observation', id: 'o', meta: { versionId: '2' } },
  });
  expect(document).not.toHaveProperty('numberTexts');
});

test('a tombstone has the id of the deleted resource and no content, and is complete', () => {
  const deletedAt = new Date('2024-05-01T00:00:00Z');
  expect(toTombstone({ resourceId: 'o', deletedAt, context })).toEqual({
    _id: 'conn_1/o',
    connectionId: 'conn_1',
    resourceId: 'o',
    source: context.source,
    observedAt: context.observedAt,
    storedAt: context.now,
    lastUpdated: deletedAt,
    contentHash: '',
    deleted: true,
    subsetted: false,
    keys: {},
  });
});

test.each([
  { line: '{"resourceType":"Observation","id":"o","v":1.5}', texts: undefined },
  { line: '{"resourceType":"Observation","id":"o","v":1.50}', texts: undefined },
  { line: '{"resourceType":"Observation","id":"o","v":1e2}', texts: 1 },
])('a resource document keeps the texts of numbers only if Decimal128 would change them: $line', ({ line, texts }) => {
  const resource = parseExact(line) as Resource;
  const document = toResourceDocument({ resource, json: Buffer.from(line), hasExactNumbers: true, context });
  expect(document.numberTexts?.length).toBe(texts);
  if (texts === undefined) expect(document).not.toHaveProperty('numberTexts');
});

test('a document fits up to the limit of BSON minus the space for the fields of the writer', () => {
  const { document } = make({ resourceType: 'Observation', id: 'o', note: '' });
  const limit = 16 * 1024 * 1024 - 4096;
  const padding = limit - mongoose.mongo.BSON.calculateObjectSize(document);
  const padded = (length: number) => ({
    ...document,
    resource: { ...(document.resource as object), note: 'x'.repeat(length) },
  });
  expect(fitsInDocument(padded(padding), limit)).toBe(true);
  expect(fitsInDocument(padded(padding + 1), limit)).toBe(false);
  // A line of a million numbers becomes seven times as long in BSON.
  expect(fitsInDocument(padded(padding + 1), 2_400_000)).toBe(false);
});

test('a resource with malformed metadata is dated by its export', () => {
  const { document } = make({ resourceType: 'Observation', id: 'o', meta: { lastUpdated: { toString: 1 } as never } });
  expect(document.lastUpdated).toEqual(context.observedAt);
});

test.each([
  { lastUpdated: '2024-06-01T00:00:00Z', ranked: '2024-06-01T00:00:00Z' },
  { lastUpdated: '2016-12-31T23:59:60.25Z', ranked: '2016-12-31T23:59:59.999Z' },
  { lastUpdated: '2024-06-01T08:00:00Z', ranked: '2024-06-01T00:00:00Z' },
  { lastUpdated: '2099-01-01T00:00:00Z', ranked: '2024-06-01T00:00:00Z' },
])('a version dated $lastUpdated is ranked as of $ranked and keeps its own text', ({ lastUpdated, ranked }) => {
  const { document } = make({ resourceType: 'Observation', id: 'o', meta: { lastUpdated } });
  expect(document.lastUpdated).toEqual(new Date(ranked));
  expect(document.resource).toMatchObject({ meta: { lastUpdated } });
});
