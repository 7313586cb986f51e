import { always, matches, operationOutcome, type Scenario, settings } from './scenario.ts';

const match = matches.kickOff;
const alreadyRunning = operationOutcome({ code: 'throttled', text: 'An export is already in progress.' });

const duplicate = operationOutcome({ code: 'duplicate', text: 'A request for this group is being processed.' });
const tooRecently = operationOutcome({
  code: 'business-rule',
  text: 'The Client requested this Group too recently.',
});

const noPost = operationOutcome({ code: 'not-supported', text: 'Kick-off by POST is not supported.' });
const noGet = operationOutcome({ code: 'not-supported', text: 'Kick-off by GET is not supported.' });

/** The order of a Group export of Patient alone, which Epic refuses. */
export const refusesPatientAlone = always(match, {
  kind: 'refuse-parameter',
  parameter: '_type',
  value: 'Patient',
  alone: true,
  code: 'business-rule',
  text: '59159: the search requires demographics or _id.',
});
export const kickOffScenarios = [
  {
    name: 'busy-at-kick-off',
    description: 'The server responds to two kick-offs with 429, "already in progress", and Retry-After 1.',
    orders: [{ match, fault: { kind: 'status', status: 429, retryAfter: '1', body: alreadyRunning }, times: 2 }],
  },
  {
    name: 'one-export-at-a-time',
    description: 'The server responds to a kick-off with 429 while another export is in progress.',
    orders: [settings({ oneExportAtATime: true })],
  },
  {
    name: 'one-export-until-deleted',
    description:
      'The server responds to a kick-off with 429 until the previous export has ended and the client has sent DELETE.',
    orders: [settings({ oneExportAtATime: 'until-deleted' })],
  },
  {
    name: 'too-many-active-exports',
    description:
      'The server responds to a kick-off with 429, "Too many active exports", while two exports run, like athenahealth.',
    orders: [settings({ maxActiveExports: 2 })],
  },
  {
    name: 'duplicate-export',
    description:
      'The server responds to two kick-offs with 200, a `duplicate` and no Content-Location, like eClinicalWorks.',
    orders: [{ match, fault: { kind: 'status', status: 200, body: duplicate }, times: 2 }],
  },
  {
    name: 'exported-too-recently',
    description: 'The server refuses one kick-off, because the Group was exported within 24 hours, like Epic.',
    orders: [{ match, fault: { kind: 'status', status: 400, body: tooRecently } }],
  },
  {
    name: 'refuses-patient-alone',
    description: 'The server refuses a kick-off of a Group whose `_type` is only Patient (rule 59159), like Epic.',
    orders: [settings({ exportLevels: ['group'] }), refusesPatientAlone],
  },
  {
    name: 'kick-off-outage',
    description:
      'The server responds to three kick-offs with 502 in HTML, 503 with an empty body, and 504 in plain text.',
    orders: [
      { match, fault: { kind: 'status', status: 502, body: '<html>bad gateway</html>', contentType: 'text/html' } },
      { match, fault: { kind: 'status', status: 503, body: '' }, after: 1 },
      { match, fault: { kind: 'status', status: 504, body: 'upstream timed out' }, after: 2 },
    ],
  },
  {
    name: 'lost-kick-off-answer',
    description: 'The server starts the export but resets the connection before the 202 arrives.',
    orders: [{ match, fault: { kind: 'lost-answer' } }],
  },
  {
    name: 'relative-content-location',
    description: 'The Content-Location of the kick-off has no scheme and no host.',
    orders: [always(match, { kind: 'relative-urls' })],
  },
  {
    name: 'no-content-location',
    description: 'The server responds to one kick-off with 202 but no Content-Location.',
    orders: [{ match, fault: { kind: 'headers', set: { 'content-location': null } } }],
  },
  {
    name: 'group-level-only',
    description: 'The server supports only `Group/{id}/$export`, like athenahealth.',
    orders: [settings({ exportLevels: ['group'] })],
  },
  {
    name: 'any-group-id',
    description:
      'The server supports only `Group/{id}/$export`, and the id of the Group has characters that are encoded in a URL.',
    orders: [settings({ exportLevels: ['group'], groupId: 'systemlist|12/34 ä?#%2F' })],
  },
  {
    name: 'strict-accept',
    description: 'The server responds to a wrong Accept header with 406 on status and files too.',
    orders: [settings({ strictAccept: true })],
  },
  {
    name: 'refuses-since',
    description: 'The server refuses a kick-off with `_since`: 400, not-supported, named in details.text.',
    orders: [always(match, { kind: 'refuse-parameter', parameter: '_since' })],
  },
  {
    name: 'refuses-type',
    description: 'The server refuses a kick-off with `_type`: 422, invalid, named in diagnostics.',
    orders: [
      always(match, {
        kind: 'refuse-parameter',
        parameter: '_type',
        status: 422,
        code: 'invalid',
        namedIn: 'diagnostics',
      }),
    ],
  },
  {
    name: 'refuses-type-filter',
    description: 'The server refuses a kick-off with `_typeFilter`: 501, processing, named in expression.',
    orders: [
      always(match, {
        kind: 'refuse-parameter',
        parameter: '_typeFilter',
        status: 501,
        code: 'processing',
        namedIn: 'expression',
      }),
    ],
  },
  {
    name: 'refuses-type-value',
    description:
      'The server refuses a kick-off whose `_type` includes Observation (400, not-supported). It accepts other types.',
    orders: [always(match, { kind: 'refuse-parameter', parameter: '_type', value: 'Observation' })],
  },
  {
    name: 'refuses-since-unnamed',
    description: 'The server refuses a kick-off with `_since` (400, invalid) without naming the parameter.',
    orders: [always(match, { kind: 'refuse-parameter', parameter: '_since', code: 'invalid', namedIn: 'nowhere' })],
  },
  {
    name: 'refuses-all-parameters',
    description: 'The server refuses a kick-off with 400, naming one parameter after the other, until none is left.',
    orders: [settings({ unsupportedParameters: ['_since', '_type', '_typeFilter', '_outputFormat'] })],
  },
  {
    name: 'no-data-since',
    description: 'The server answers a kick-off with `_since` with 404, "No data", because nothing has changed.',
    orders: [
      always(match, {
        kind: 'refuse-parameter',
        parameter: '_since',
        status: 404,
        code: 'not-found',
        text: 'No data found for _since.',
      }),
    ],
  },
  {
    name: 'since-fails',
    description: 'The server answers a kick-off with `_since` with 500, without a reason.',
    orders: [
      always(match, {
        kind: 'refuse-parameter',
        parameter: '_since',
        status: 500,
        code: 'exception',
        namedIn: 'nowhere',
      }),
    ],
  },
  {
    name: 'since-fails-named',
    description: 'The server answers a kick-off with `_since` with 500, and names the parameter.',
    orders: [always(match, { kind: 'refuse-parameter', parameter: '_since', status: 500 })],
  },
  {
    name: 'demands-output-format',
    description: 'The server refuses a kick-off without `_outputFormat`.',
    orders: [always(match, { kind: 'demand-parameter', parameter: '_outputFormat' })],
  },
  {
    name: 'demands-type',
    description: 'The server refuses a kick-off without `_type`, also of every type.',
    orders: [always(match, { kind: 'demand-parameter', parameter: '_type', status: 422 })],
  },
  {
    name: 'location-header',
    description: 'The server sends the status URL as `Location`, without Content-Location.',
    orders: [always(match, { kind: 'location-header' })],
  },
  {
    name: 'refuses-post',
    description: 'The server responds to a kick-off by POST with 405, not-supported, and accepts GET.',
    orders: [
      always({ ...match, method: 'POST' }, { kind: 'status', status: 405, body: noPost, headers: { allow: 'GET' } }),
    ],
  },
  {
    name: 'refuses-get',
    description: 'The server responds to a kick-off by GET with 405, not-supported, and accepts POST.',
    orders: [
      always({ ...match, method: 'GET' }, { kind: 'status', status: 405, body: noGet, headers: { allow: 'POST' } }),
    ],
  },
] as const satisfies readonly Scenario[];
