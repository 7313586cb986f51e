import { matches } from './matches.ts';
import type { Scenario } from './scenario.ts';

const { kickOff, status: match } = matches;

/** However short exports are: without it, the first status request may find a manifest. */
const oncePending = { match: kickOff, fault: { kind: 'export-fate', polls: 1, end: 'completes' } };
const fiveHoursSeconds = 5 * 60 * 60;

export const retryAfterScenarios = [
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
    description: 'A 202 on status has an epoch timestamp as Retry-After: decades, if they were seconds.',
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
] as const satisfies readonly Scenario[];
