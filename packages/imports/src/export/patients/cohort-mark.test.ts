import { expect, test } from '@jest/globals';
import { makeCohortMark } from '../testing/make-records.ts';
import { cohortMarkKey, markAfter, startOf } from './cohort-mark.ts';

const onDay = (day: number) => new Date(Date.UTC(2024, 0, day));
const search = { now: onDay(20), covers: () => true };
const times = (day: number, deletionsDay = day) => ({
  transactionTime: onDay(day).toISOString(),
  at: onDay(day),
  deletionsAt: onDay(deletionsDay),
});

test('a mark counts unless its time is in the future or it does not cover what is exported', () => {
  const mark = makeCohortMark({ types: 'Goal,Patient', ...times(5) });
  expect(startOf(mark, search)).toBe(onDay(5).toISOString());
  expect(startOf({ ...mark, deletionsAt: onDay(2) }, search)).toBe(onDay(2).toISOString());
  expect(startOf({ ...mark, ...times(25) }, search)).toBeUndefined();
  const ofEvery = makeCohortMark({ ...times(5), coverage: { scope: 'system/Patient.read' } });
  expect(startOf(ofEvery, search)).toBe(onDay(5).toISOString());
  expect(startOf(ofEvery, { ...search, covers: () => false })).toBeUndefined();
});

test('after an export everything is stored of all its patients up to the earliest time of its slices', () => {
  const slice = (day: number, ...patients: string[]) => ({ patients, reached: times(day) });
  expect(markAfter([slice(5, 'p1', 'p2'), slice(4, 'p3')])).toEqual({ ...times(4), patients: ['p1', 'p2', 'p3'] });
  expect(markAfter([slice(5, 'p1'), { patients: ['p3'] }])).toBeUndefined();
  expect(markAfter([])).toBeUndefined();
  // All patients of a slice were erased.
  expect(markAfter([slice(5, 'p1'), { patients: [] }])).toEqual({ ...times(5), patients: ['p1'] });
});

test('a later slice of the same patients lists the deletions that a full slice of them does not', () => {
  const full = { patients: ['p1', 'p2'], reached: times(5, 1) };
  const since = { patients: ['p1', 'p2'], reached: times(6) };
  expect(markAfter([full, since])).toEqual({ ...times(5, 6), patients: ['p1', 'p2'] });
  expect(markAfter([full, { ...since, patients: ['p1'] }])?.deletionsAt).toEqual(onDay(1));
});

test('slices of every type cover what all of them have covered, with the same scopes', () => {
  const slice = (scope: string, ...types: string[]) => {
    return { patients: [types.join()], reached: { ...times(5), coverage: { scope, offered: ['Goal'], types } } };
  };
  expect(markAfter([slice('s', 'Goal', 'Patient'), slice('s', 'Patient')])?.coverage).toEqual({
    scope: 's',
    offered: ['Goal'],
    types: ['Patient'],
  });
  expect(markAfter([slice('s', 'Goal'), slice('other', 'Patient')])).toBeUndefined();
});

test('exports of the same cohort, level and types continue from each other, in whatever order the types are', () => {
  const request = { exportType: 'Patient' as const, cohort: 'panel', resourceTypes: ['Patient', 'Goal'] };
  const key = { connectionId: 'conn_1', cohort: 'panel', exportType: 'Patient', types: 'Goal,Patient' };
  const id = 'conn_1/panel/Patient/Goal,Patient';
  expect(cohortMarkKey({ connectionId: 'conn_1', request })).toEqual({ ...key, id });
  expect(cohortMarkKey({ connectionId: 'conn_1', request: { ...request, resourceTypes: [] } })?.types).toBe('*');
  expect(
    cohortMarkKey({ connectionId: 'conn_1', request: { exportType: 'Patient', resourceTypes: [] } }),
  ).toBeUndefined();
});
