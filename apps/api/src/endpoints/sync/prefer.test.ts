import { expect, test } from '@jest/globals';
import { readPreferences } from './start-sync.endpoint.ts';

test.each([
  { header: undefined, expected: { respondAsync: false } },
  { header: '', expected: { respondAsync: false } },
  { header: 'respond-async', expected: { respondAsync: true } },
  { header: 'Respond-Async, wait=10', expected: { respondAsync: true, waitSeconds: 10 } },
  { header: 'wait=10', expected: { respondAsync: false, waitSeconds: 10 } },
  { header: 'return=minimal; foo="some parameter", WAIT = "0"', expected: { respondAsync: false, waitSeconds: 0 } },
  { header: 'wait=20;x=1, wait=30', expected: { respondAsync: false, waitSeconds: 20 } },
  { header: 'wait=-1', expected: { respondAsync: false } },
  { header: 'wait=soon', expected: { respondAsync: false } },
  { header: 'wait', expected: { respondAsync: false } },
  { header: 'x-wait=5, not-respond-async', expected: { respondAsync: false } },
  { header: 'wait=99999999999999', expected: { respondAsync: false } },
])('readPreferences reads the header "$header"', ({ header, expected }) => {
  expect(readPreferences(header)).toEqual(expected);
});
