import { erasedText } from '@bulkhead/store';
import { expect, test } from '@jest/globals';
import type { Slice } from './slice.record.ts';
import { endSlice, isEmptySlice, mergeDecisions, reopenSlices, sliceRequest } from './slice.ts';

const held = [{ resourceType: 'Patient', reasons: ['files-failed' as const] }];
const advanced = [{ resourceType: 'Patient', reasons: [] }];
const done: Slice = { patients: ['p1', 'p2'], state: 'done', decisions: advanced };
const incomplete: Slice = { patients: ['p3', 'p4'], state: 'incomplete', decisions: held };
const due: Slice = { patients: ['p5'] };

test('a slice requests its patients since its own time, and an export without slices what was requested', () => {
  const request = {
    exportType: 'Patient' as const,
    resourceTypes: [],
    since: '2024-01-01T00:00:00Z',
    patients: ['p1', 'p2'],
  };
  expect(sliceRequest({ request })).toBe(request);
  expect(sliceRequest({ request, slices: [done, due], slice: 1 })).toEqual({
    exportType: 'Patient',
    resourceTypes: [],
    patients: ['p5'],
  });
  const since = '2024-02-01T00:00:00Z';
  expect(sliceRequest({ request, slices: [{ ...due, since }], slice: 0 })).toMatchObject({ patients: ['p5'], since });
});

test('after a slice the next one that has not ended is due', () => {
  const request = { exportType: 'Patient' as const, resourceTypes: [], sinceLast: true };
  const ended = endSlice({ request, slices: [done, due, due], slice: 1 }, { state: 'incomplete', decisions: held });
  expect(ended).toEqual({ slices: [done, { ...due, state: 'incomplete', decisions: held }, due], next: 2 });
  expect(endSlice({ request, slices: [done, due], slice: 1 }, { state: 'done', decisions: [] }).next).toBeUndefined();
  expect(endSlice({ request }, { state: 'done', decisions: [] })).toEqual({ slices: [], next: undefined });
});

test.each([
  { what: 'can matter', deletionsDay: 1, change: {}, isAdded: true },
  { what: 'are all applied', deletionsDay: 5, change: {}, isAdded: false },
  { what: 'were not requested', deletionsDay: 1, change: { sinceLast: false }, isAdded: false },
])('after a full slice another one asks for the deletions that it does not list, if they $what: $isAdded', (given) => {
  const request = { exportType: 'Patient' as const, resourceTypes: [], sinceLast: true, ...given.change };
  const at = new Date('2024-01-05T00:00:00Z');
  const deletionsAt = new Date(`2024-01-0${given.deletionsDay}T00:00:00Z`);
  const ended = {
    state: 'done' as const,
    decisions: [],
    reached: { transactionTime: at.toISOString(), at, deletionsAt },
  };
  const { slices, next } = endSlice({ request, slices: [due], slice: 0 }, ended);
  const added = [{ patients: due.patients, since: deletionsAt.toISOString() }];
  expect([slices.slice(1), next]).toEqual(given.isAdded ? [added, 1] : [[], undefined]);
  // That slice asks for changes, so none follows it.
  if (next !== undefined) expect(endSlice({ request, slices, slice: next }, ended).next).toBeUndefined();
});

test('a retry makes the incomplete slices due, without patients who were erased since', () => {
  const erased = { ...incomplete, patients: ['p3', erasedText] };
  expect(reopenSlices({ slices: [done, erased, due] })).toEqual({
    slices: [done, { patients: ['p3'] }, due],
    slice: 1,
  });
  const allErased = { ...incomplete, patients: [erasedText] };
  const reopened = reopenSlices({ slices: [allErased, due] });
  expect(reopened).toEqual({ slices: [{ patients: [], state: 'done' }, due], slice: 1 });
  expect([isEmptySlice(reopened), isEmptySlice(reopenSlices({ slices: [allErased] }))]).toEqual([false, true]);
  expect(reopenSlices({})).toEqual({});
});

test('a watermark is held if one of the slices holds it', () => {
  expect(mergeDecisions([done, incomplete, { ...done, decisions: [{ resourceType: '*', reasons: ['gap'] }] }])).toEqual(
    [...held, { resourceType: '*', reasons: ['gap'] }],
  );
});
