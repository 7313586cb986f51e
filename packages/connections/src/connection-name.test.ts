import { makeConnection } from '@bulkhead/connections/testing';
import { expect, test } from '@jest/globals';
import { uniquePurposeOf } from './connection-name.ts';

const connection = makeConnection({ practiceId: '1', groupId: 'group' });

test.each([
  { what: 'another name and client', change: { name: 'Other', id: 'conn_2' }, isDuplicate: true },
  { what: 'another group of the same practice', change: { groupId: 'other' }, isDuplicate: true },
  { what: 'another practice', change: { practiceId: '2' }, isDuplicate: false },
  { what: 'another environment', change: { environment: 'preview' }, isDuplicate: false },
  { what: 'another server with the same ids', change: { fhirEndpoint: 'https://b.example/r4' }, isDuplicate: false },
])('a connection with $what is a duplicate: $isDuplicate', ({ change, isDuplicate }) => {
  expect(uniquePurposeOf({ ...connection, ...change }) === uniquePurposeOf(connection)).toBe(isDuplicate);
});
