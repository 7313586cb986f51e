import { matches } from './matches.ts';
import { operationOutcome } from './operation-outcome.ts';
import type { Scenario } from './scenario.ts';

const match = matches.kickOff;
const noPost = operationOutcome({ code: 'not-supported', text: 'Kick-off by POST is not supported.' });
const noGet = operationOutcome({ code: 'not-supported', text: 'Kick-off by GET is not supported.' });

export const negotiationScenarios = [
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
