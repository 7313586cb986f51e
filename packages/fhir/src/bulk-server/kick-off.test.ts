import { expect, test } from '@jest/globals';
import { type KickOffParameter, kickOffParameterNames, readKickOff } from './kick-off.ts';

const read = (parameters: readonly KickOffParameter[], isLenient = false) =>
  readKickOff(parameters, {
    level: 'patient',
    supported: kickOffParameterNames,
    nowMs: 0,
    isLenient,
    typeFault: () => undefined,
  });
/** Different names of letters. */
const names = (count: number) =>
  Array.from(
    { length: count },
    (_, index) => `A${String(index).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] ?? '')}`,
  );
const list = (name: string) => (count: number) => [[name, names(count).join()]] as const;
const filters = (count: number) => names(count).map((type) => ['_typeFilter', `${type}?a=1`] as const);

test.each([
  { path: '_type', most: 200, make: list('_type') },
  { path: '_elements', most: 500, make: list('_elements') },
  { path: 'patient', most: 5000, make: list('patient') },
  { path: '_typeFilter', most: 100, make: filters },
])('a kick-off is refused with more than $most values of $path', ({ path, most, make }) => {
  expect(read(make(most)).faults).toEqual([]);
  const fault = { path, message: `has more than ${most} values`, code: 'value' };
  expect(read(make(most + 1)).faults).toEqual([fault]);
});

test('values that are repeated count once', () => {
  expect(read([['patient', Array(6000).fill('Patient/1').join()]])).toMatchObject({ faults: [], patients: ['1'] });
});

test('filters with more characters than a URL has are refused', () => {
  const filter = (length: number) => `A?a=${'x'.repeat(length)}`;
  expect(read([['_typeFilter', filter(15_000)]]).faults).toEqual([]);
  expect(read(Array.from({ length: 2 }, () => ['_typeFilter', filter(9000)] as const)).faults).toMatchObject([
    { path: '_typeFilter', message: 'has more than 16000 characters' },
  ]);
});

test('an element with a name that no element has is refused', () => {
  expect(read([['_elements', 'x'.repeat(101)]]).faults).toMatchObject([{ path: '_elements' }]);
});

test('ignored parameters are listed with their beginning, and refused if there are too many', () => {
  const unknown = (count: number) => names(count).map((name) => [name.repeat(200), '1'] as const);
  const { ignored, faults } = read(unknown(50), true);
  expect({ faults, count: ignored.length, longest: Math.max(...ignored.map((name) => name.length)) }).toEqual({
    faults: [],
    count: 50,
    longest: 100,
  });
  expect(read(unknown(51), true).faults).toMatchObject([{ path: 'Prefer', message: 'has more than 50 values' }]);
});

test('a kick-off with more faults than a person reads reports the first twenty', () => {
  expect(read(names(100).map((name) => [name, '1'])).faults.map(({ path }) => path)).toEqual(names(20));
});
