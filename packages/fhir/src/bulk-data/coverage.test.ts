import { describe, expect, test } from '@jest/globals';
import { coversAllOf, coversType } from './export-request.ts';

describe('an export of every type', () => {
  test.each([
    { name: 'nothing is known', coverage: {}, covers: true },
    { name: 'the scope covers the type', coverage: { scope: 'system/Goal.read' }, covers: true },
    { name: 'the scope covers another type only', coverage: { scope: 'system/Patient.read' }, covers: false },
    {
      name: 'the server does not offer the type',
      coverage: { scope: 'system/*.rs', offered: ['Patient'] },
      covers: false,
    },
  ])('covers a type: $covers if $name', ({ coverage, covers }) => {
    expect(coversType(coverage, 'Goal')).toBe(covers);
  });

  test.each([
    { name: 'the same scope in another notation', before: 'system/*.read', now: 'system/*.rs', whole: true },
    { name: 'a narrower scope today', before: 'system/*.read', now: 'system/Patient.read', whole: true },
    {
      name: 'a wider scope today',
      before: 'system/Patient.read',
      now: 'system/Patient.rs system/Goal.rs',
      whole: false,
    },
  ])('still covers everything: $whole with $name', ({ before, now, whole }) => {
    expect(coversAllOf({ scope: before }, { scope: now })).toBe(whole);
  });

  test('no longer covers everything once the server offers another type', () => {
    expect(coversAllOf({ offered: ['Patient'] }, { offered: ['Patient', 'Coverage'] })).toBe(false);
    expect(coversAllOf({ offered: ['Patient', 'Coverage'] }, { offered: ['Patient'] })).toBe(true);
  });
});
