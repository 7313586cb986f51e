import { always, matches, operationOutcome, type Scenario, type ScenarioOrder } from './scenario.ts';

const { kickOff, status: match } = matches;

/** Otherwise the first status request could already find the manifest of a short export. */
const oncePending = { match: kickOff, fault: { kind: 'export-fate', polls: 1, end: 'completes' } };
const fiveHoursSeconds = 5 * 60 * 60;

export const statusScenarios = [
  {
    name: 'retry-after-seconds',
    description: 'A 202 on status has a Retry-After of 2 seconds.',
    orders: [oncePending, { match, fault: { kind: 'retry-after', seconds: 2 } }],
  },
  {
    name: 'retry-after-date',
    description: 'A 202 on status has a Retry-After that is an HTTP-date two seconds ahead.',
    orders: [oncePending, { match, fault: { kind: 'retry-after', seconds: 2, as: 'http-date' } }],
  },
  {
    name: 'retry-after-epoch',
    description: 'A 202 on status has an epoch timestamp as Retry-After. Read as seconds, it would be decades.',
    orders: [oncePending, { match, fault: { kind: 'retry-after', seconds: 2, as: 'epoch' } }],
  },
  {
    name: 'retry-after-five-hours',
    description: 'A 202 on status has a Retry-After of five hours.',
    orders: [oncePending, { match, fault: { kind: 'retry-after', seconds: fiveHoursSeconds } }],
  },
  {
    name: 'retry-after-negative',
    description: 'A 202 on status has a Retry-After of -1.',
    orders: [oncePending, { match, fault: { kind: 'retry-after', seconds: -1 } }],
  },
  {
    name: 'retry-after-text',
    description: 'A 202 on status has "soon" as Retry-After.',
    orders: [oncePending, { match, fault: { kind: 'headers', set: { 'retry-after': 'soon' } } }],
  },
  {
    name: 'no-retry-after',
    description: 'A 202 on status has no Retry-After and no X-Progress.',
    orders: [oncePending, { match, fault: { kind: 'headers', set: { 'retry-after': null, 'x-progress': null } } }],
  },
  {
    name: 'throttled-status',
    description: 'The server responds to two status requests with 429 and Retry-After 1.',
    orders: [{ match, fault: { kind: 'status', status: 429, retryAfter: '1' }, times: 2 }],
  },
  {
    name: 'transient-client-error',
    description:
      'The server responds to two status requests with 400 and an OperationOutcome whose issue.code is transient.',
    orders: [transient(400)],
  },
  {
    name: 'transient-server-error',
    description:
      'The server responds to two status requests with 500 and an OperationOutcome whose issue.code is transient.',
    orders: [transient(500)],
  },
  {
    name: 'status-outage',
    description:
      'The server responds to three status requests with 502 in HTML, 503 with an empty body, and 504 in plain text.',
    orders: [
      { match, fault: { kind: 'status', status: 502, body: '<html>bad gateway</html>', contentType: 'text/html' } },
      { match, fault: { kind: 'status', status: 503, body: '' }, after: 1 },
      { match, fault: { kind: 'status', status: 504, body: 'upstream timed out' }, after: 2 },
    ],
  },
  {
    name: 'html-status',
    description: 'The server responds to one status request with 200 and an HTML page.',
    orders: [{ match, fault: { kind: 'status', status: 200, body: '<html>log in</html>', contentType: 'text/html' } }],
  },
  {
    name: 'slow-status',
    description: 'The server responds to two status requests after a second.',
    orders: [{ match, fault: { kind: 'latency', ms: 1000 }, times: 2 }],
  },
  {
    name: 'failed-export',
    description: 'The export is in progress for two status requests and then fails: 500 with an OperationOutcome.',
    orders: [fate('fails')],
  },
  {
    name: 'endless-export',
    description: 'The export stays in progress forever.',
    orders: [fate('never-ends')],
  },
  {
    name: 'forgotten-export',
    description: 'The export is in progress for two status requests. Then the server no longer knows it: 404.',
    orders: [fate('forgotten')],
  },
  {
    name: 'gone-export',
    description: 'The export is in progress for two status requests. Then it is gone: 410.',
    orders: [fate('gone')],
  },
  {
    name: 'partial-manifest',
    description: 'The server responds to one status request with 202 and a manifest of the first file only.',
    orders: [{ match, fault: { kind: 'partial-manifest', files: 1 } }],
  },
  {
    name: 'export-status-header',
    description:
      'The server responds to one status request with 200, X-Export-Status in-progress and a manifest of one file.',
    orders: [{ match, fault: { kind: 'partial-manifest', files: 1, as: 'x-export-status' } }],
  },
  {
    name: 'token-expires-in-export',
    description: 'All tokens expire at the second status request and at the second file, which return 401.',
    orders: [
      oncePending,
      { match, fault: { kind: 'expire-tokens' }, after: 1 },
      { match: matches.files, fault: { kind: 'expire-tokens' }, after: 1 },
    ],
  },
] as const satisfies readonly Scenario[];

function transient(status: number): ScenarioOrder {
  const body = operationOutcome({ code: 'transient', text: 'The server is busy. Try again later.' });
  return { match, fault: { kind: 'status', status, body }, times: 2 };
}

function fate(end: string): ScenarioOrder {
  return { match: kickOff, fault: { kind: 'export-fate', polls: 2, end } };
}

export const deleteScenarios = [
  {
    name: 'delete-unknown',
    description: 'The server responds to DELETE with 404.',
    orders: [always(matches.delete, { kind: 'status', status: 404 })],
  },
  {
    name: 'delete-fails',
    description: 'The server always responds to DELETE with 500.',
    orders: [always(matches.delete, { kind: 'status', status: 500 })],
  },
  {
    name: 'delete-fails-once',
    description: 'The server responds to the first DELETE with 500 and the next one with 202.',
    orders: [{ match: matches.delete, fault: { kind: 'status', status: 500 } }],
  },
  {
    name: 'slow-delete',
    description: 'The server responds to DELETE with 202 after a second.',
    orders: [always(matches.delete, { kind: 'latency', ms: 1000 })],
  },
] as const satisfies readonly Scenario[];
