import { expect, test } from '@jest/globals';
import { canRetrySync, requestsText, syncText } from './sync-texts.ts';

const counts = { requests: 590, minimumRequests: 2004 };

test.each([
  { status: 'IN_PROGRESS', text: '590 so far', isRetried: false },
  { status: 'FAILED', text: '590', isRetried: true },
  { status: 'CANCELLED', text: '590', isRetried: false },
  { status: 'COMPLETED', text: '590 (fewest possible: 2,004)', isRetried: false },
] as const)('the requests of a sync that is $status are "$text", and a retry is offered: $isRetried', (run) => {
  expect(requestsText({ status: run.status, ...counts })).toBe(run.text);
  expect(canRetrySync(run.status)).toBe(run.isRetried);
});

test.each([
  { run: { types: ['Encounter'], patients: 1 }, text: 'Encounter, 1 patient' },
  { run: { types: ['A', 'B'], patients: 1200 }, text: '2 types, 1,200 patients' },
  { run: { types: [] }, text: 'All patients' },
])('a list says what a sync searches: $text', ({ run, text }) => {
  const request = { includeStandard: true, includeEnhanced: true, resourceTypes: [], patients: [] };
  expect(syncText({ request, ...run })).toBe(text);
});
