import { expect, test } from '@jest/globals';
import { type CohortMark, cohortMarkKey, groupByStart, startsOf, watermarksOf } from './cohort-mark.ts';

const onDay = (day: number, hour = 0) => new Date(Date.UTC(2024, 0, day, hour));
const search = { now: onDay(20), covers: () => true };
const key = { connectionId: 'conn_1', cohort: 'panel', exportType: 'Patient' as const, types: 'Goal,Patient' };

function mark(day: number, patients: readonly string[], change: Partial<CohortMark> = {}): CohortMark {
  const at = onDay(day);
  const times = { transactionTime: at.toISOString(), at, deletionsAt: at };
  return { ...key, id: `job_${day}.0`, exportId: `job_${day}`, patients, ...times, ...change };
}

test('the newest mark of a patient counts, unless its time is in the future or it does not cover what is exported', () => {
  const starts = startsOf([mark(5, ['p1', 'p2']), mark(3, ['p1', 'p3']), mark(25, ['p1'])], search);
  expect([...starts].map(([patient, { since }]) => [patient, since]).toSorted()).toEqual([
    ['p1', onDay(5).toISOString()],
    ['p2', onDay(5).toISOString()],
    ['p3', onDay(3).toISOString()],
  ]);
  const ofEvery = mark(5, ['p1'], { types: '*', coverage: { scope: 'system/Patient.read' } });
  expect(startsOf([ofEvery], search).size).toBe(1);
  expect(startsOf([ofEvery], { ...search, covers: () => false }).size).toBe(0);
  const behind = mark(5, ['p1'], { deletionsAt: onDay(2) });
  expect(startsOf([behind], search).get('p1')?.since).toBe(onDay(2).toISOString());
});

test('a slice is stored up to the oldest mark of its patients, and not at all if one of them has none', () => {
  const starts = startsOf([mark(5, ['p1'], { deletionsAt: onDay(1) }), mark(3, ['p2'])], search);
  const of = (...patients: string[]) => watermarksOf({ key, patients, starts, coverage: {} });
  expect(of('p1', 'p2')).toEqual(
    ['Goal', 'Patient'].map((resourceType) => {
      return { resourceType, transactionTime: onDay(3).toISOString(), at: onDay(3), deletionsAt: onDay(1) };
    }),
  );
  expect(of('p1').map(({ at }) => at)).toEqual([onDay(5), onDay(5)]);
  expect([of('p1', 'p3'), of('p3', 'p1'), of()]).toEqual([[], [], []]);
});

test('patients within a day of each other are exported together, since the oldest of their times', () => {
  const since: Record<string, string> = {
    a: onDay(5, 3).toISOString(),
    b: onDay(5).toISOString(),
    c: onDay(6, 1).toISOString(),
    d: onDay(6).toISOString(),
  };
  expect(groupByStart(['new', 'a', 'b', 'c', 'd'], (patient) => since[patient])).toMatchObject([
    { patients: ['b', 'a', 'd'], since: since.b },
    { patients: ['c'], since: since.c },
    { patients: ['new'], since: undefined },
  ]);
  expect(groupByStart([], () => undefined)).toEqual([]);
});

test('exports of the same cohort, level and types continue from each other, in whatever order the types are', () => {
  const request = { exportType: 'Patient' as const, cohort: 'panel', resourceTypes: ['Patient', 'Goal'] };
  expect(cohortMarkKey({ connectionId: 'conn_1', request })).toEqual(key);
  expect(cohortMarkKey({ connectionId: 'conn_1', request: { ...request, resourceTypes: [] } })?.types).toBe('*');
  expect(
    cohortMarkKey({ connectionId: 'conn_1', request: { exportType: 'Patient', resourceTypes: [] } }),
  ).toBeUndefined();
});
