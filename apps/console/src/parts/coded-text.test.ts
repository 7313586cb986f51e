import { expect, test } from '@jest/globals';
import { labelOf, messageText, withoutNames } from './coded-text.ts';

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

test('a message for programs is replaced by the advice of its code', () => {
  expect(messageText({ code: 'kick-off-window', message: 'The `kickOffWindow` is not over.' })).toBe(
    'Nothing needs to be done. The export starts when the EHR allows it again.',
  );
  expect(messageText({ code: 'deletions-not-listed', message: 'Use `last`.', isWarning: true })).toMatch(
    /^Ask the EHR/,
  );
  expect(messageText({ message: 'The export has completed.' })).toBe('The export has completed.');
});
