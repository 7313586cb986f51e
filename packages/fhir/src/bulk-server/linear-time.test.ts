import { findSuperlinear, type Reader } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { verifyAssertion } from './client-assertion.ts';
import { kickOffParameterNames, kickOffParameters, preferencesOf, readKickOff } from './kick-off.ts';
import { elementSelector } from './select-elements.ts';
import { readableScopes } from './system-scope.ts';

const rules = {
  level: 'patient',
  supported: kickOffParameterNames,
  typeFault: () => undefined,
  nowMs: 0,
  isLenient: false,
} as const;
const refuseAll = {
  audience: 'https://bulkhead.example/token',
  nowMs: 0,
  findKey: async () => undefined,
  use: () => true,
};

const readers: readonly Reader[] = [
  ...kickOffParameterNames.map((name) => ({
    name: `the parameter ${name}`,
    parse: (value: string) => void readKickOff([[name, value]], rules),
  })),
  {
    name: 'a Parameters resource',
    parse: (body) => void kickOffParameters({ method: 'POST', search: new URLSearchParams(), body }),
    wrap: (run) => JSON.stringify({ resourceType: 'Parameters', parameter: [{ name: '_type', valueString: run }] }),
  },
  { name: 'the header Prefer', parse: (header) => void preferencesOf(header) },
  { name: 'the scopes of a request', parse: (scope) => void readableScopes(scope) },
  { name: 'an assertion', parse: (assertion) => verifyAssertion(assertion, refuseAll).catch(() => undefined) },
  {
    name: 'a resource with a long element',
    parse: (name) => void elementSelector(['subject'])({ resourceType: 'MedicationRequest', id: 'm1', [name]: 1 }),
  },
  {
    name: 'the elements of a request',
    parse: (elements) => void elementSelector(elements.split(','))({ resourceType: 'Patient', id: 'p1' }),
  },
];

test.each(readers)('$name is read in time that grows no faster than its size', async (reader) => {
  expect(await findSuperlinear(reader)).toEqual([]);
});
