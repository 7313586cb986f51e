import { expect, test } from '@jest/globals';
import { readManifestEntry } from './manifest.ts';

const manifestUrl = 'https://ehr.example/fhir/r4/bulkstatus/1';

test('readManifestEntry resolves a relative URL and keeps the count', () => {
  const value = { type: 'Patient', url: '/files/p.ndjson?sig=1', count: 3 };
  expect(readManifestEntry({ section: 'output', value, manifestUrl })).toEqual({
    section: 'output',
    type: 'Patient',
    url: 'https://ehr.example/files/p.ndjson?sig=1',
    count: 3,
  });
});

test.each([
  { section: 'output', type: 'Resource' },
  { section: 'deleted', type: 'Bundle' },
  { section: 'error', type: 'OperationOutcome' },
] as const)('an entry of $section without a usable type has the type $type', ({ section, type }) => {
  const url = 'https://x.example/a';
  for (const value of [{ url }, { url, type: '' }, { url, type: 7 }]) {
    expect(readManifestEntry({ section, value, manifestUrl })).toEqual({ section, type, url });
  }
});

test('readManifestEntry keeps the count 0', () => {
  const value = { type: 'Patient', url: 'https://x.example/a', count: 0 };
  expect(readManifestEntry({ section: 'output', value, manifestUrl })).toHaveProperty('count', 0);
});

test.each([null, 'x', {}, { url: 5 }, { url: 'http://[' }])('readManifestEntry does not read the entry %j', (value) => {
  expect(readManifestEntry({ section: 'output', value, manifestUrl })).toBeUndefined();
});

test('readManifestEntry leaves out an invalid count', () => {
  const value = { type: 'Patient', url: 'https://x.example/a', count: -1 };
  expect(readManifestEntry({ section: 'output', value, manifestUrl })).not.toHaveProperty('count');
});

test.each([
  { section: 'deleted', type: 'Bundle' },
  { section: 'error', type: 'OperationOutcome' },
] as const)('an entry of $section whose type is not a FHIR type has the type of its section', ({ section, type }) => {
  const value = { type: 'Jane Doe', url: 'https://ehr.example/file' };
  expect(readManifestEntry({ section, value, manifestUrl: 'https://ehr.example/status' })?.type).toBe(type);
});
