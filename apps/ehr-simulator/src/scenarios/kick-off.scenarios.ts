import { matches } from './matches.ts';
import { operationOutcome } from './operation-outcome.ts';
import type { Scenario } from './scenario.ts';

const match = matches.kickOff;
const alreadyRunning = operationOutcome({ code: 'throttled', text: 'An export is already in progress.' });

export const kickOffScenarios = [
  {
    name: 'busy-at-kick-off',
    description: 'Two kick-offs are answered 429, "already in progress", with Retry-After 1.',
    orders: [{ match, fault: { kind: 'status', status: 429, retryAfter: '1', body: alreadyRunning }, times: 2 }],
  },
  {
    name: 'one-export-at-a-time',
    description: 'A kick-off is answered 429 while another export is in progress.',
    options: { oneExportAtATime: true },
  },
  {
    name: 'one-export-until-deleted',
    description: 'A kick-off is answered 429 until the export before it is over and DELETE was sent.',
    options: { oneExportAtATime: 'until-deleted' },
  },
  {
    name: 'kick-off-outage',
    description: 'Three kick-offs are answered 502 in HTML, 503 with an empty body, and 504 in plain text.',
    orders: [
      { match, fault: { kind: 'status', status: 502, body: '<html>bad gateway</html>', contentType: 'text/html' } },
      { match, fault: { kind: 'status', status: 503, body: '' }, after: 1 },
      { match, fault: { kind: 'status', status: 504, body: 'upstream timed out' }, after: 2 },
    ],
  },
  {
    name: 'lost-kick-off-answer',
    description: 'The export is started, and the connection is reset before the 202 arrives.',
    orders: [{ match, fault: { kind: 'lost-answer' } }],
  },
  {
    name: 'relative-content-location',
    description: 'The Content-Location of the kick-off has no scheme and no host.',
    orders: [{ match, fault: { kind: 'relative-urls' }, times: 'always' }],
  },
  {
    name: 'no-content-location',
    description: 'One kick-off is answered 202 without a Content-Location.',
    orders: [{ match, fault: { kind: 'headers', set: { 'content-location': null } } }],
  },
  {
    name: 'group-level-only',
    description: 'There is `Group/{id}/$export` and no other level, as at athenahealth.',
    options: { exportLevels: ['group'] },
  },
  {
    name: 'strict-accept',
    description: 'A wrong Accept header is answered 406 on status and files too.',
    options: { strictAccept: true },
  },
] as const satisfies readonly Scenario[];
