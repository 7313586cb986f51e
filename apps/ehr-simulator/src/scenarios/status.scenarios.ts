import { matches } from './matches.ts';
import { operationOutcome } from './operation-outcome.ts';
import type { Scenario, ScenarioOrder } from './scenario.ts';

const { kickOff, status: match } = matches;

export const statusScenarios = [
  {
    name: 'throttled-status',
    description: 'Two status requests are answered 429 with Retry-After 1.',
    orders: [{ match, fault: { kind: 'status', status: 429, retryAfter: '1' }, times: 2 }],
  },
  {
    name: 'transient-client-error',
    description: 'Two status requests are answered 400 with an OperationOutcome whose issue.code is transient.',
    orders: [transient(400)],
  },
  {
    name: 'transient-server-error',
    description: 'Two status requests are answered 500 with an OperationOutcome whose issue.code is transient.',
    orders: [transient(500)],
  },
  {
    name: 'status-outage',
    description: 'Three status requests are answered 502 in HTML, 503 with an empty body, and 504 in plain text.',
    orders: [
      { match, fault: { kind: 'status', status: 502, body: '<html>bad gateway</html>', contentType: 'text/html' } },
      { match, fault: { kind: 'status', status: 503, body: '' }, after: 1 },
      { match, fault: { kind: 'status', status: 504, body: 'upstream timed out' }, after: 2 },
    ],
  },
  {
    name: 'html-status',
    description: 'One status request is answered 200 with an HTML page.',
    orders: [{ match, fault: { kind: 'status', status: 200, body: '<html>log in</html>', contentType: 'text/html' } }],
  },
  {
    name: 'slow-status',
    description: 'Two status requests are answered a second late.',
    orders: [{ match, fault: { kind: 'latency', ms: 1000 }, times: 2 }],
  },
  {
    name: 'failed-export',
    description: 'The export is in progress for two status requests, then fails: 500 with an OperationOutcome.',
    orders: [fate('fails')],
  },
  {
    name: 'endless-export',
    description: 'The export stays in progress for ever.',
    orders: [fate('never-ends')],
  },
  {
    name: 'forgotten-export',
    description: 'The export is in progress for two status requests, then the server knows no such export: 404.',
    orders: [fate('forgotten')],
  },
  {
    name: 'gone-export',
    description: 'The export is in progress for two status requests, then it is gone: 410.',
    orders: [fate('gone')],
  },
  {
    name: 'partial-manifest',
    description: 'One status request is answered 202 with a manifest of the first file only.',
    orders: [{ match, fault: { kind: 'partial-manifest', files: 1 } }],
  },
  {
    name: 'export-status-header',
    description: 'One status request is answered 200 with X-Export-Status in-progress and a manifest of one file.',
    orders: [{ match, fault: { kind: 'partial-manifest', files: 1, as: 'x-export-status' } }],
  },
  {
    name: 'token-expires-in-export',
    description: 'All tokens expire at the second status request and at the second file: 401 for each.',
    orders: [
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
