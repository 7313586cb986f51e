import { readOutcomeIssues } from '@bulkhead/fhir';
import { expect, test } from '@jest/globals';
import type { KickOffAttempt } from './negotiate-kick-off.ts';
import { postponedKickOff } from './postponed-kick-off.ts';

const attempt: KickOffAttempt = {
  method: 'GET',
  parameters: { types: ['Patient'], since: '2024-01-01T00:00:00Z', typeFilters: [] },
  refusedTypes: [],
};

function postponed(status: number, issue: object | string, retryAfterMs?: number) {
  const issues =
    typeof issue === 'string' ? [] : readOutcomeIssues({ resourceType: 'OperationOutcome', issue: [issue] });
  const ehrText = typeof issue === 'string' ? issue : JSON.stringify(issue);
  return postponedKickOff(attempt, { status, issues, ehrText, retryAfterMs });
}
const issue = (code: string | number | undefined, text = 'No.') => ({ severity: 'error', code, details: { text } });

test.each([
  { status: 200, issue: issue('duplicate') },
  { status: 202, issue: issue('duplicate') },
  { status: 400, issue: issue('conflict') },
  { status: 409, issue: issue('conflict') },
  { status: 409, issue: '' },
  { status: 422, issue: issue('business-rule', 'Too many active exports. Please try again later.') },
  { status: 403, issue: issue(4711, 'There are too many concurrent requests') },
  { status: 400, issue: 'An export is already in progress' },
])('a kick-off that is answered $status $issue waits for another export', ({ status, issue }) => {
  expect(postponed(status, issue)).toMatchObject({ code: 'kick-off-busy', retry: { afterMs: 600_000 } });
  expect(postponed(status, issue, 5000)).toMatchObject({ retry: { afterMs: 5000 } });
});

test.each([
  { status: 400, issue: issue('business-rule', 'The Client requested this Group too recently') },
  { status: 403, issue: issue(undefined, 'The Client requested this Group too recently') },
  { status: 409, issue: issue('conflict', 'requested too soon') },
  { status: 200, issue: issue('processing', 'This group was exported too recently.') },
])('a kick-off that is answered $status $issue waits for a day', ({ status, issue }) => {
  expect(postponed(status, issue)).toMatchObject({
    code: 'kick-off-too-recent',
    retry: { afterMs: 86_400_000 },
    ehrText: expect.stringContaining('too'),
  });
});

test.each([
  { status: 400, issue: issue('invalid', 'The parameter _since is too recently added') },
  { status: 400, issue: issue('duplicate', 'The parameter _type is there twice') },
  { status: 400, issue: issue('processing', 'There are too many values in _type') },
  { status: 400, issue: issue('not-supported', 'Exports are not supported') },
  { status: 403, issue: issue('forbidden', 'The client may not export this group') },
  // A gateway that asks for fewer requests: nothing is running.
  { status: 403, issue: issue('throttled', 'Rate limit exceeded') },
  { status: 403, issue: issue('throttled', 'Too many requests') },
  { status: 404, issue: issue('not-found', 'No such group') },
  { status: 200, issue: '<html>' },
  { status: 204, issue: '' },
  { status: 500, issue: issue('duplicate') },
])('a kick-off that is answered $status $issue does not wait', ({ status, issue }) => {
  expect(postponed(status, issue)).toBeUndefined();
});
