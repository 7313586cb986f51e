import { describe, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { fitsInDocument, toResourceDocument, toTombstone } from './resource-document.ts';

const context = {
  connectionId: 'conn_1',
  source: { exportId: 'job_1', fileId: 'job_1.1', line: 1 },
  observedAt: new Date('2024-06-01T00:00:00Z'),
  now: new Date('2024-06-01T01:00:00Z'),
};

function make(resource: { readonly resourceType: string; readonly id: string; readonly [element: string]: unknown }) {
  const json = Buffer.from(JSON.stringify(resource));
  return { json, document: toResourceDocument({ resource, json, hasExactNumbers: false, context }) };
}

describe('a resource document', () => {
  test('of an enhanced type has a summary beside the resource as received', () => {
    const resource = { resourceType: 'Encounter', id: 'e', class: { code: 'AMB' }, extension: [{ url: 'x' }] };
    expect(make(resource).document).toMatchObject({ resource, summary: { class: { code: 'AMB' } } });
  });

  test('of another type, and a tombstone, has none', () => {
    expect(make({ resourceType: 'Observation', id: 'o', status: 'final' }).document).not.toHaveProperty('summary');
    expect(toTombstone({ resourceId: 'o', context })).not.toHaveProperty('summary');
  });

  test('that only its summary would push over the limit is stored without it', () => {
    const limit = 16 * 1024 * 1024;
    const report = { resourceType: 'DiagnosticReport', id: 'd', conclusion: 'c'.repeat(4000) };
    const padded = (padding: number) => make({ ...report, presentedForm: [{ data: 'A'.repeat(padding) }] });
    const { document, json } = padded(limit - 10_000);
    expect(document.resource).toBeDefined();
    expect(document.summary).toBeUndefined();
    expect(fitsInDocument(document, json.length)).toBe(true);
    expect(mongoose.mongo.BSON.calculateObjectSize(document)).toBeGreaterThan(limit - 10_000);
    const smaller = padded(limit - 20_000);
    expect(smaller.document.summary).toMatchObject({ presentedForm: [{ isInline: true }] });
    expect(fitsInDocument(smaller.document, smaller.json.length)).toBe(true);
  });

  test('of a resource with metadata of the wrong shape is as of the export', () => {
    const { document } = make({
      resourceType: 'Observation',
      id: 'o',
      meta: { lastUpdated: { toString: 1 } as never },
    });
    expect(document.lastUpdated).toEqual(context.observedAt);
  });

  test.each([
    { lastUpdated: '2024-06-02T00:00:00Z', ranked: '2024-06-02T00:00:00Z' },
    { lastUpdated: '2024-06-02T00:00:00.001Z', ranked: '2024-06-01T00:00:00Z' },
    { lastUpdated: '2099-01-01T00:00:00Z', ranked: '2024-06-01T00:00:00Z' },
  ])('of a version dated $lastUpdated is ranked as of $ranked and keeps its own text', ({ lastUpdated, ranked }) => {
    const { document } = make({ resourceType: 'Observation', id: 'o', meta: { lastUpdated } });
    expect(document.lastUpdated).toEqual(new Date(ranked));
    expect(document.resource).toMatchObject({ meta: { lastUpdated } });
  });
});
