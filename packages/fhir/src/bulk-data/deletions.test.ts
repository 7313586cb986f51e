import { describe, expect, test } from '@jest/globals';
import { readDeletions } from './deletions.ts';

const ofPatient = (resourceId: string) => [{ resourceType: 'Patient', resourceId }];
const remove = (url: unknown) => ({ request: { method: 'DELETE', url } });
const bundleOf = (entry: unknown, change: object = {}) => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry,
  ...change,
});

describe('readDeletions #deletions', () => {
  test('readDeletions reads every entry of a Bundle and counts the entries that it cannot read', () => {
    const entry = [
      remove('Patient/p1'),
      remove('https://ehr.example/fhir/r4/Observation/o.1'),
      { request: { method: 'PUT', url: 'Patient/p2' } },
      null,
    ];
    expect(readDeletions(bundleOf(entry))).toEqual({
      deletions: [
        { resourceType: 'Patient', resourceId: 'p1' },
        { resourceType: 'Observation', resourceId: 'o.1' },
      ],
      unreadable: 2,
    });
  });

  test.each([
    'Patient/p1',
    '/Patient/p1',
    'http://ehr.example/Patient/p1',
    'HTTPS://ehr.example:8443/fhir/r4/Patient/p1',
    'Patient?_id=p1',
    'https://ehr.example/fhir/Patient?_id=p1',
    'http://ehr.example/Patient?_id=p1',
    '/Patient?_id=p1',
  ])('readDeletions reads the URL %s', (url) => {
    expect(readDeletions(bundleOf([remove(url)]))).toEqual({ deletions: ofPatient('p1'), unreadable: 0 });
  });

  test.each([
    // A conditional deletion of Observations must not delete the patient.
    'Observation?subject=https://ehr.example/fhir/Patient/p1',
    'Observation?subject=Patient/p1',
    'Patient?identifier=1',
    'Patient?_id=p1,p2',
    'Patient?_id=p1&active=true',
    'Patient?_id:not=p1',
    'Patient?_id=',
    'fhir/Patient?_id=p1',
    ' Patient?_id=p1',
    'Patient?_id=p1#name',
    'Patient',
    'Patient/p1?_cascade=delete',
    'https://ehr.example/fhir/Observation/1?x=/Patient/p1',
    'https://ehr.example/fhir#/Patient/p1',
    'Patient/p1#name',
    'Patient/p1/_history/2',
    'fhir/Patient/p1',
    'Patient/p1/',
    'Patient/p 1',
    ' Patient/p1',
    'Patient/p1\n',
    'ftp://ehr.example/Patient/p1',
    'https://Patient/p1',
    'urn:uuid:0e9fc1b4-0a2f-4b2e-8d9d-0a6b5e2f4f61',
    // Names of MongoDB collections of Bulkhead, and misspelled types.
    'connections/c1',
    'Pateint/p3',
    `Patient/${'p'.repeat(129)}`,
    '',
    7,
    ['Patient/p1'],
  ])('readDeletions does not read the URL %j', (url) => {
    expect(readDeletions(bundleOf([remove(url)]))).toEqual({ deletions: [], unreadable: 1 });
  });

  test('readDeletions reads an id of 128 characters', () => {
    const id = 'p'.repeat(128);
    expect(readDeletions(bundleOf([remove(`Patient/${id}`)])).deletions).toEqual(ofPatient(id));
  });

  test('readDeletions reads the fullUrl of an entry without a URL, and only then', () => {
    const fullUrl = 'https://ehr.example/fhir/Patient/p1';
    expect(readDeletions(bundleOf([{ fullUrl, request: { method: 'DELETE' } }])).deletions).toEqual(ofPatient('p1'));
    const conditional = { fullUrl, request: { method: 'DELETE', url: 'Observation?code=1' } };
    expect(readDeletions(bundleOf([conditional]))).toEqual({ deletions: [], unreadable: 1 });
    expect(readDeletions(bundleOf([{ fullUrl }]))).toEqual({ deletions: [], unreadable: 1 });
  });

  test('readDeletions reads a line that is a plain reference', () => {
    expect(readDeletions({ reference: 'Patient/p1' })).toEqual({ deletions: ofPatient('p1'), unreadable: 0 });
    expect(readDeletions({ reference: '#p1' })).toEqual({ deletions: [], unreadable: 1 });
  });

  test.each([
    { name: 'a resource', line: { resourceType: 'Patient', id: 'p1', reference: 'Patient/p1' } },
    { name: 'a Bundle without entries', line: { resourceType: 'Bundle', type: 'transaction' } },
    { name: 'a Bundle with an empty list of entries', line: bundleOf([]) },
    { name: 'another resource with entries', line: { resourceType: 'Parameters', entry: [remove('Patient/p1')] } },
    { name: 'an array', line: [{ reference: 'Patient/p1' }] },
    { name: 'null', line: null },
    { name: 'a text', line: 'Patient/p1' },
  ])('readDeletions counts $name as unreadable', ({ line }) => {
    expect(readDeletions(line)).toEqual({ deletions: [], unreadable: 1 });
  });

  test('readDeletions gives an entry that names no resource no deletion, although the Bundle has a time', () => {
    const bundle = bundleOf([remove('Patient')], { timestamp: '2024-05-02T00:00:00Z' });
    expect(readDeletions(bundle)).toEqual({ deletions: [], unreadable: 1 });
  });

  test.each([
    '2024-05-02T00:00:00',
    '2024-05-02',
    '2024-05-02T00:00:00Z (UTC)',
    'Thu 2024-05-02T00:00:00Z',
    1714608000000,
    ['2024-05-02T00:00:00Z'],
  ])('readDeletions takes no time from %j, which is not an instant', (timestamp) => {
    expect(readDeletions(bundleOf([remove('Patient/p1')], { timestamp })).deletions).toEqual(ofPatient('p1'));
  });

  test('readDeletions reads a leap second as the end of its minute', () => {
    const bundle = bundleOf([remove('Patient/p1')], { timestamp: '2016-12-31T23:59:60Z' });
    expect(readDeletions(bundle).deletions[0]?.deletedAt).toEqual(new Date('2016-12-31T23:59:59.999Z'));
  });

  test('readDeletions takes the time of a deletion from its entry, else from the Bundle', () => {
    const lastModified = '2024-05-01T10:00:00+02:00';
    const timestamp = '2024-05-02T00:00:00Z';
    const meta = { lastUpdated: '2024-05-03T00:00:00.123Z' };
    const entry = { ...remove('Patient/p1'), response: { status: '204', lastModified } };
    const timeOf = (bundle: object) => readDeletions(bundle).deletions[0]?.deletedAt;
    expect(timeOf(bundleOf([entry], { type: 'history', timestamp, meta }))).toEqual(new Date(lastModified));
    expect(timeOf(bundleOf([remove('Patient/p1')], { timestamp, meta }))).toEqual(new Date(timestamp));
    expect(timeOf(bundleOf([remove('Patient/p1')], { meta }))).toEqual(new Date(meta.lastUpdated));
    expect(timeOf(bundleOf([remove('Patient/p1')], { timestamp: 'yesterday', meta: { lastUpdated: '1' } }))).toBe(
      undefined,
    );
  });
});
