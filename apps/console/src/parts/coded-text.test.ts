import { withoutNames } from '@bulkhead/client';
import { expect, test } from '@jest/globals';
import { labelOf, messageText } from './coded-text.ts';

test.each([
  ['connectionId', 'Connection id'],
  ['typeFilters.0', 'Type filters'],
  ['auth.clientId', 'Client id'],
  ['_count', 'Count'],
  ['jwksUrl', 'JWKS URL'],
  ['', 'Request'],
])('the field %j has the label "%s"', (path, label) => {
  expect(labelOf(path)).toBe(label);
});

test('a message shows no backticks and no names of fields', () => {
  expect(withoutNames('is required if `fileId` is missing, see practiceId. OAuth and NDJSON stay.')).toBe(
    'is required if file id is missing, see practice id. OAuth and NDJSON stay.',
  );
});

test('a message for programs is shown in words, and replaced by the advice of its code if it only names a route', () => {
  expect(messageText({ code: 'kick-off-window', message: 'The `kickOffWindow` is not over.' })).toBe(
    'The kick off window is not over.',
  );
  expect(messageText({ code: 'deletions-not-listed', message: 'Send GET /x.', isWarning: true })).toMatch(
    /^Ask the EHR/,
  );
  expect(messageText({ message: 'The export has completed.' })).toBe('The export has completed.');
});
