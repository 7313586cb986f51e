import { type Scenario, settings } from './scenario.ts';

/** The path of a read or a search, but not of bulk data. */
const restRequest = { method: 'GET', path: '^/fhir/r4/[A-Z][A-Za-z]+(/[^$]+)?$' };
const v1Error = {
  error: 'Additional fields are required.',
  detailedmessage: 'ah-practice',
  missingfields: ['ah-practice'],
};

export const serverScenarios = [
  {
    name: 'well-behaved',
    description:
      'Nothing goes wrong: the server honours Range and ETag, sends correct counts, and responds to DELETE with 202.',
    orders: [],
  },
  {
    name: 'rate-limited',
    description: 'The server returns 429 if it receives more than 16 requests in two seconds.',
    orders: [settings({ rateLimit: true })],
  },
  {
    name: 'token-budget',
    description:
      'The server issues one token a minute. It returns 429 to other token requests, with a Retry-After to the end of the minute.',
    orders: [settings({ tokensPerMinute: 1 })],
  },
  {
    name: 'short-tokens',
    description: 'Tokens expire after two seconds.',
    orders: [settings({ tokenSeconds: 2 })],
  },
  {
    name: 'string-details',
    description: 'The `details` of OperationOutcomes are strings.',
    orders: [{ fault: { kind: 'string-details' }, times: 'always' }],
  },
  {
    name: 'outcome-in-bundle',
    description: 'The server responds to one search with 200 and a Bundle that contains only an OperationOutcome.',
    orders: [{ match: { method: 'GET', path: '^/fhir/r4/[A-Z][A-Za-z]+$' }, fault: { kind: 'outcome-in-bundle' } }],
  },
  {
    name: 'v1-error',
    description:
      "The server responds to one read or search with 400 and the error of athenahealth's older API, which is not FHIR.",
    orders: [
      { match: restRequest, fault: { kind: 'status', status: 400, body: v1Error, contentType: 'application/json' } },
    ],
  },
  {
    name: 'throttled-by-403',
    description: 'The server responds to one read or search with 403 and Retry-After 1.',
    orders: [{ match: restRequest, fault: { kind: 'status', status: 403, retryAfter: '1' } }],
  },
  {
    name: 'scopes-of-version-2',
    description: 'The application is registered for listed scopes of SMART v2, so v1 and wildcards are refused.',
    orders: [settings({ scopeVersion: 'v2', wildcardScopes: false })],
  },
  {
    name: 'exact-scopes',
    description:
      'The token of a kick-off must have a scope for each exported type and Group, and no others, like Oracle.',
    orders: [settings({ exactScopes: true, enforceScopes: true, wildcardScopes: false, scopeVersion: 'v2' })],
  },
  {
    name: 'refuses-scope',
    description: 'The server refuses a token request that names scopes, and does not say which it grants, like Epic.',
    orders: [settings({ refusesScope: true })],
  },
] as const satisfies readonly Scenario[];
