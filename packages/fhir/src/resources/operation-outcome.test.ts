import { expect, test } from '@jest/globals';
import { isTransient, listIssueCodes, readOutcomeIssues, readReportedIssues } from './operation-outcome.ts';

const outcomeOf = (...issue: unknown[]) => ({ resourceType: 'OperationOutcome', issue });

test.each([
  [{ text: 'no such group' }, 'no such group'],
  ['no such group', 'no such group'],
  [{ coding: [{ display: 'no such group' }] }, 'no such group'],
])('readOutcomeIssues reads the text from the details %j', (details, text) => {
  const outcome = outcomeOf({ severity: 'error', code: 'transient', details });
  expect(readOutcomeIssues(outcome)).toEqual([{ severity: 'error', code: 'transient', text, expression: [] }]);
  expect(isTransient(readOutcomeIssues(outcome))).toBe(true);
});

test.each([null, 7, {}, { coding: [] }, { coding: 'x' }, { coding: [{ display: 7 }] }, { text: 7 }])(
  'readOutcomeIssues reads the text from the diagnostics if the details are %j',
  (details) => {
    const [issue] = readOutcomeIssues(
      outcomeOf({ severity: 'fatal', code: 'exception', details, diagnostics: 'line 4' }),
    );
    expect(issue).toEqual({
      severity: 'fatal',
      code: 'exception',
      text: 'line 4',
      diagnostics: 'line 4',
      expression: [],
    });
  },
);

test('readOutcomeIssues reads an issue whose elements are not strings as an error with the code "other"', () => {
  const issue = { severity: 1, code: null, details: 2, diagnostics: 3, expression: [4] };
  expect(readOutcomeIssues(outcomeOf(issue, 5, null))).toEqual([{ severity: 'error', code: 'other', expression: [] }]);
});

test.each([
  { codes: ['transient'], is: true },
  { codes: ['timeout', 'throttled', 'lock-error', 'no-store'], is: true },
  { codes: ['transient', 'exception'], is: false },
  { codes: ['exception'], is: false },
])('isTransient returns $is for issues with the codes $codes', ({ codes, is }) => {
  const issues = readOutcomeIssues(outcomeOf(...codes.map((code) => ({ severity: 'error', code }))));
  expect(isTransient(issues)).toBe(is);
  for (const issue of issues) expect(isTransient([issue])).toBe(issue.code !== 'exception');
});

test('readOutcomeIssues reads no issues from another resource type', () => {
  expect(readOutcomeIssues({ ...outcomeOf({ severity: 'error', code: 'x' }), resourceType: 'Patient' })).toEqual([]);
});

test('readOutcomeIssues reads no issues from text, and no issues are not transient', () => {
  expect(readOutcomeIssues('<html>')).toEqual([]);
  expect(isTransient([])).toBe(false);
});

test('listIssueCodes lists each FHIR code once and anything else as other, for any number of issues', () => {
  const issues = Array.from({ length: 10_000 }, (_, index) => ({ code: index % 2 ? 'timeout' : `Jane Doe ${index}` }));
  const outcome = { resourceType: 'OperationOutcome', issue: issues };
  expect(listIssueCodes(readOutcomeIssues(outcome))).toBe('other,timeout');
});

test.each([
  [
    { severity: 'warning', code: 'timeout' },
    { severity: 'warning', code: 'timeout' },
  ],
  [
    { severity: 'Jane Doe', code: 'Patient 4711' },
    { severity: 'error', code: 'other' },
  ],
  [
    { severity: '', code: '' },
    { severity: 'error', code: 'other' },
  ],
  [{}, { severity: 'error', code: 'unknown' }],
])('readReportedIssues keeps only FHIR codes of the issue %j', (issue, expected) => {
  expect(readReportedIssues(outcomeOf(issue))).toEqual([expected]);
});

test.each(['fatal', 'error', 'warning', 'information'])('readReportedIssues keeps the severity %s', (severity) => {
  expect(readReportedIssues(outcomeOf({ severity, code: 'exception' }))).toEqual([{ severity, code: 'exception' }]);
});

test.each([
  { details: { text: 'No room' }, diagnostics: 'disk full', text: 'No room: disk full' },
  { details: { text: 'No room' }, diagnostics: 'No room', text: 'No room' },
  { diagnostics: 'disk full', text: 'disk full' },
])("readReportedIssues keeps the server's text: $text", ({ text, ...issue }) => {
  expect(readReportedIssues(outcomeOf({ severity: 'error', code: 'exception', ...issue }))[0]?.text).toBe(text);
});

test.each([{}, { issue: [] }, { issue: 'none' }, { issue: [null] }])(
  'readReportedIssues counts the outcome %j as an error',
  (outcome) => {
    const reported = readReportedIssues({ resourceType: 'OperationOutcome', ...outcome });
    expect(reported).toEqual([{ severity: 'error', code: 'unknown' }]);
  },
);

test.each<[string, object, string[] | undefined]>([
  ['an expression', { expression: ['Observation.value', 'Condition'] }, ['Condition', 'Observation']],
  ['an XPath', { location: ['/f:Patient/f:name', 'f:Patient', 'Patient[0].name'] }, ['Patient']],
  ['an expression beside one that is not a type', { expression: ['Observation.value', '_since'] }, undefined],
  ['an expression that only begins like a type', { expression: ['Observations'] }, undefined],
  ['an expression into Parameters', { expression: ['Parameters.parameter[0]'] }, undefined],
  ['an expression into an OperationOutcome', { expression: ['OperationOutcome.issue'] }, undefined],
  ['an expression that contains a type after its start', { expression: ['where(Observation.code)'] }, undefined],
  ['a reference to a group', { diagnostics: 'Group/g1 cannot be exported' }, undefined],
  ['a reference beside text that looks like one', { diagnostics: 'and/or Goal/g1' }, ['Goal']],
  ['an expression into a Bundle', { expression: ['Bundle.entry[0]'] }, undefined],
  ['a reference in the details', { details: { text: 'Failed: Observation/o1.' } }, ['Observation']],
  ['a URL in the diagnostics', { diagnostics: 'GET https://ehr.example/fhir/Encounter/7: 500' }, ['Encounter']],
  [
    'a reference beside the name of another type',
    { diagnostics: 'Observation cannot be read: Encounter/1 is missing' },
    ['Encounter', 'Observation'],
  ],
  // Other records of the patient may be missing too.
  ['a reference to a patient', { diagnostics: 'Patient/p1 cannot be exported' }, undefined],
  ['the name of a type without a reference', { diagnostics: 'Observation cannot be exported' }, undefined],
  ['text that looks like a reference', { diagnostics: 'see and/or' }, undefined],
])('readReportedIssues reads types from %s only if they prove what is affected', (_name, issue, types) => {
  const [reported] = readReportedIssues(outcomeOf({ severity: 'error', code: 'exception', ...issue }));
  expect(reported?.types).toEqual(types);
});
