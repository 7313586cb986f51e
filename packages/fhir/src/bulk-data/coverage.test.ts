import { expect, test } from '@jest/globals';
import { coversAllOf, coversType } from './export-request.ts';

test.each([
  { name: 'nothing is known about it', coverage: {}, covers: true },
  { name: 'the scope covers the type', coverage: { scope: 'system/Goal.read' }, covers: true },
  { name: 'the scope covers another type only', coverage: { scope: 'system/Patient.read' }, covers: false },
  {
    name: 'the type was not requested',
    coverage: { scope: 'system/*.rs', offered: ['Patient', 'Goal'], types: ['Patient'] },
    covers: false,
  },
  { name: 'no type was requested', coverage: { types: [] }, covers: false },
])('coversType returns $covers if $name', ({ coverage, covers }) => {
  expect(coversType(coverage, 'Goal')).toBe(covers);
});

test.each([
  { name: 'the scope is the same in another notation', before: 'system/*.read', now: 'system/*.rs', whole: true },
  { name: 'the scope is narrower today', before: 'system/*.read', now: 'system/Patient.read', whole: true },
  {
    name: 'the scope is wider today',
    before: 'system/Patient.read',
    now: 'system/Patient.rs system/Goal.rs',
    whole: false,
  },
])('coversAllOf returns $whole if $name', ({ before, now, whole }) => {
  expect(coversAllOf({ scope: before }, { scope: now })).toBe(whole);
});

test('an export no longer covers everything once the server offers another type', () => {
  expect(coversAllOf({ offered: ['Patient'] }, { offered: ['Patient', 'Coverage'] })).toBe(false);
  expect(coversAllOf({ offered: ['Patient', 'Coverage'] }, { offered: ['Patient'] })).toBe(true);
  expect(coversAllOf({ offered: ['Patient'], types: [] }, { offered: ['Patient'] })).toBe(true);
});
