import { expect, test } from '@jest/globals';
import { requestLine } from './request-line.ts';

const request = { kind: 'poll', method: 'GET', host: 'ehr.example', status: 202, durationMs: 4, waitMs: 0 };

test('requestLine shows a log line about a request to the EHR with its fields', () => {
  const line = { level: 20, msg: 'EHR request ended', exportId: 'job_1', ...request, rateLimitRemaining: 3 };
  expect(requestLine(JSON.stringify(line))).toBe(
    'EHR request ended  kind=poll method=GET host=ehr.example status=202 durationMs=4 waitMs=0 rateLimitRemaining=3',
  );
});

test.each([
  { line: JSON.stringify({ msg: 'job completed', ...request }) },
  { line: JSON.stringify({ msg: 'other', reason: '"EHR request ended"' }) },
  { line: 'not JSON: "EHR request ended"' },
  { line: '' },
])('requestLine does not show a log line about anything else: $line', ({ line }) => {
  expect(requestLine(line)).toBeUndefined();
});
