import { describe, expect, test } from '@jest/globals';
import { readManifestEntry } from './manifest.ts';
import { isTransient, readOutcomeIssues } from './operation-outcome.ts';

const manifestUrl = 'https://ehr.example/fhir/r4/bulkstatus/1';

describe('readManifestEntry', () => {
  test('resolves a relative URL and keeps the count', () => {
    const value = { type: 'Patient', url: '/files/p.ndjson?sig=1', count: 3 };
    expect(readManifestEntry({ section: 'output', value, manifestUrl })).toEqual({
      section: 'output',
      type: 'Patient',
      url: 'https://ehr.example/files/p.ndjson?sig=1',
      count: 3,
    });
  });

  test.each([null, 'x', {}, { url: 5 }, { url: 'http://[' }])('%j is no entry', (value) => {
    expect(readManifestEntry({ section: 'output', value, manifestUrl })).toBeUndefined();
  });

  test('a count that is no count is left out', () => {
    const value = { type: 'Patient', url: 'https://x.example/a', count: -1 };
    expect(readManifestEntry({ section: 'output', value, manifestUrl })).not.toHaveProperty('count');
  });
});

describe('readOutcomeIssues', () => {
  test.each([
    [{ text: 'no such group' }, 'no such group'],
    ['no such group', 'no such group'],
    [{ coding: [{ display: 'no such group' }] }, 'no such group'],
  ])('reads details %j', (details, text) => {
    const outcome = { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'transient', details }] };
    expect(readOutcomeIssues(outcome)).toEqual([{ severity: 'error', code: 'transient', text, expression: [] }]);
    expect(isTransient(readOutcomeIssues(outcome))).toBe(true);
  });

  test('anything else has no issues and is not transient', () => {
    expect(readOutcomeIssues('<html>')).toEqual([]);
    expect(isTransient([])).toBe(false);
  });
});
