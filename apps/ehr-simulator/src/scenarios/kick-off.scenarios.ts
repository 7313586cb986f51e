import { matches, operationOutcome, type Scenario } from './scenario.ts';

const match = matches.kickOff;
const alreadyRunning = operationOutcome({ code: 'throttled', text: 'An export is already in progress.' });

const noPost = operationOutcome({ code: 'not-supported', text: 'Kick-off by POST is not supported.' });
const noGet = operationOutcome({ code: 'not-supported', text: 'Kick-off by GET is not supported.' });

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
  {
    name: 'refuses-since',
    description: 'A kick-off with `_since` is refused: 400, not-supported, named in details.text.',
    orders: [{ match, fault: { kind: 'refuse-parameter', parameter: '_since' }, times: 'always' }],
  },
  {
    name: 'refuses-type',
    description: 'A kick-off with `_type` is refused: 422, invalid, named in diagnostics.',
    orders: [
      {
        match,
        fault: { kind: 'refuse-parameter', parameter: '_type', status: 422, code: 'invalid', namedIn: 'diagnostics' },
        times: 'always',
      },
    ],
  },
  {
    name: 'refuses-type-filter',
    description: 'A kick-off with `_typeFilter` is refused: 501, processing, named in expression.',
    orders: [
      {
        match,
        fault: {
          kind: 'refuse-parameter',
          parameter: '_typeFilter',
          status: 501,
          code: 'processing',
          namedIn: 'expression',
        },
        times: 'always',
      },
    ],
  },
  {
    name: 'refuses-type-value',
    description: 'A kick-off whose `_type` names Observation is refused (400, not-supported), other types are not.',
    orders: [{ match, fault: { kind: 'refuse-parameter', parameter: '_type', value: 'Observation' }, times: 'always' }],
  },
  {
    name: 'refuses-since-unnamed',
    description: 'A kick-off with `_since` is refused (400, invalid), and nothing says which parameter it was.',
    orders: [
      {
        match,
        fault: { kind: 'refuse-parameter', parameter: '_since', code: 'invalid', namedIn: 'nowhere' },
        times: 'always',
      },
    ],
  },
  {
    name: 'refuses-all-parameters',
    description: 'A kick-off is refused with 400, one parameter after the other, until none is left.',
    options: { unsupportedParameters: ['_since', '_type', '_typeFilter', '_outputFormat'] },
  },
  {
    name: 'refuses-post',
    description: 'A kick-off by POST is answered 405, not-supported; by GET it works.',
    orders: [
      {
        match: { ...match, method: 'POST' },
        fault: { kind: 'status', status: 405, body: noPost, headers: { allow: 'GET' } },
        times: 'always',
      },
    ],
  },
  {
    name: 'refuses-get',
    description: 'A kick-off by GET is answered 405, not-supported; by POST it works.',
    orders: [
      {
        match: { ...match, method: 'GET' },
        fault: { kind: 'status', status: 405, body: noGet, headers: { allow: 'POST' } },
        times: 'always',
      },
    ],
  },
] as const satisfies readonly Scenario[];
