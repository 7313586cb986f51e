import { kickOffParameterNames, kickOffParameters } from '@bulkhead/fhir/bulk-server';
import { findSuperlinear, longestHoldMs, type Reader } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { readServedKickOff } from './commands/served-export.service.ts';

type Parameter = readonly [name: string, value: string];
const read = (parameters: readonly Parameter[], isLenient = false) =>
  readServedKickOff({ parameters, level: 'patient', isLenient }, new Date(0));
const each = (text: string, toParameter: (value: string) => Parameter) => text.split(',').map(toParameter);

const readers: readonly Reader[] = [
  ...kickOffParameterNames.flatMap((name): Reader[] => [
    { name: `the parameter ${name}`, parse: (value) => read([[name, value]]) },
    { name: `the repeated parameter ${name}`, parse: (text) => read(each(text, (value) => [name, value])) },
  ]),
  { name: 'types and filters', parse: (text) => read([['_type', text], ...each(text, toFilter)]) },
  { name: 'filters that are ignored', parse: (text) => read(each(text, toFilter), true) },
  { name: 'a filter with many values', parse: (text) => read([['_typeFilter', `Observation?_id=${text}`]]) },
  { name: 'unknown parameters', parse: (text) => read(each(text, (name) => [name, 'a'])) },
  {
    name: 'ignored parameters',
    parse: (text) =>
      read(
        each(text, (name) => [name, 'a']),
        true,
      ),
  },
];

function toFilter(type: string): Parameter {
  return ['_typeFilter', `${type}?code=1`];
}

test.each(readers)('$name: the time grows no faster than the size', async (reader) => {
  expect(await findSuperlinear({ ...reader, smallestBytes: 32_000 })).toEqual([]);
});

/** The largest body that the API reads. */
const maxBytes = 1_000_000;

test.each(readers)('$name: the largest request does not hold the event loop for long', async ({ parse }) => {
  const values = Array.from({ length: maxBytes / 10 }, (_, index) => `A${index + 1e7}`).join();
  expect(await longestHoldMs(async () => attempt(() => parse(values)))).toBeLessThan(200);
});

test('the largest Parameters resource does not hold the event loop for long', async () => {
  const parameter = Array.from({ length: maxBytes / 50 }, (_, index) => ({ name: `_type${index}`, valueString: 'a' }));
  const body = JSON.stringify({ resourceType: 'Parameters', parameter });
  const search = new URLSearchParams();
  const parse = () => read(kickOffParameters({ method: 'POST', search, body }) ?? []);
  expect(await longestHoldMs(async () => attempt(parse))).toBeLessThan(200);
});

function attempt(parse: () => unknown): void {
  try {
    parse();
  } catch {
    // Most of these requests are refused.
  }
}
