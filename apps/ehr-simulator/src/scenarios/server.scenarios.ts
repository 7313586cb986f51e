import type { Scenario } from './scenario.ts';

/** The path of a read or a search, but not of bulk data. */
const rest = { method: 'GET', path: '^/fhir/r4/[A-Z][A-Za-z]+(/[^$]+)?$' };
const v1Error = {
  error: 'Additional fields are required.',
  detailedmessage: 'ah-practice',
  missingfields: ['ah-practice'],
};

export const serverScenarios = [
  {
    name: 'well-behaved',
    description: 'Nothing goes wrong: Range and ETag are honoured, counts are right, DELETE is answered 202.',
  },
  {
    name: 'rate-limited',
    description: 'More than 16 requests in two seconds are answered 429.',
    options: { rateLimit: true },
  },
  {
    name: 'token-budget',
    description: 'One token a minute is issued; more are answered 429 with Retry-After to the end of the minute.',
    options: { tokensPerMinute: 1 },
  },
  {
    name: 'short-tokens',
    description: 'Tokens live for two seconds.',
    options: { tokenSeconds: 2 },
  },
  {
    name: 'string-details',
    description: 'OperationOutcomes have a string as `details`.',
    orders: [{ fault: { kind: 'string-details' }, times: 'always' }],
  },
  {
    name: 'outcome-in-bundle',
    description: 'One search is answered 200 with a Bundle that holds nothing but an OperationOutcome.',
    orders: [{ match: { method: 'GET', path: '^/fhir/r4/[A-Z][A-Za-z]+$' }, fault: { kind: 'outcome-in-bundle' } }],
  },
  {
    name: 'v1-error',
    description: "One read or search is answered 400 with the error of athenahealth's older API, which is no FHIR.",
    orders: [{ match: rest, fault: { kind: 'status', status: 400, body: v1Error, contentType: 'application/json' } }],
  },
  {
    name: 'throttled-by-403',
    description: 'One read or search is answered 403 with Retry-After 1.',
    orders: [{ match: rest, fault: { kind: 'status', status: 403, retryAfter: '1' } }],
  },
] as const satisfies readonly Scenario[];
