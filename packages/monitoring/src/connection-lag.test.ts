import { everyType, type Watermark } from '@bulkhead/imports/export';
import type { Schedule } from '@bulkhead/imports/schedules';
import { expect, test } from '@jest/globals';
import { anySync, connectionLag } from './connection-lag.ts';

const now = new Date('2026-05-10T00:00:00Z');
const hours = 3_600_000;

function hoursAgo(count: number): Date {
  return new Date(now.getTime() - count * hours);
}

function mark(resourceType: string, ago: number, exportType: Watermark['exportType'] = 'Patient'): Watermark {
  const at = hoursAgo(ago);
  const transactionTime = at.toISOString();
  return { connectionId: 'c', exportType, resourceType, at, deletionsAt: at, transactionTime, exportId: 'e' };
}

function schedule(change: Partial<Schedule> = {}) {
  return { id: 's1', kind: 'export' as const, request: {}, createdAt: hoursAgo(1000), ...change };
}

function lagOf(options: Partial<Parameters<typeof connectionLag>[0]>) {
  const lag = connectionLag({
    schedules: [],
    watermarks: [],
    syncedAt: new Map(),
    now,
    covers: () => true,
    ...options,
  });
  return lag && [lag.lagMs / hours, lag.isScheduled];
}

test('the lag of an export schedule is the lag of its oldest requested type', () => {
  const schedules = [schedule({ request: { resourceTypes: ['Patient', 'Observation'] } })];
  const watermarks = [mark('Patient', 2), mark('Observation', 30), mark('Condition', 500)];
  expect(lagOf({ schedules, watermarks })).toEqual([30, true]);
});

test('the lag of an export schedule ignores exports of another level', () => {
  const schedules = [schedule({ request: { exportType: 'Group', resourceTypes: ['Patient'] } })];
  expect(lagOf({ schedules, watermarks: [mark('Patient', 2), mark('Patient', 40, 'Group')] })).toEqual([40, true]);
});

test('the lag of an export of all types is the age of the last export without gaps', () => {
  const watermarks = [mark('Patient', 2), { ...mark(everyType, 26), coverage: {} }];
  expect(lagOf({ schedules: [schedule()], watermarks })).toEqual([26, true]);
});

test('the lag of a sync schedule is the age of its own last complete run', () => {
  const syncedAt = new Map([
    ['s1', hoursAgo(25)],
    [anySync, hoursAgo(1)],
  ]);
  expect(lagOf({ schedules: [schedule({ kind: 'sync' })], syncedAt })).toEqual([25, true]);
});

test('the lag of an export schedule of a cohort is the age of its own last completed run', () => {
  const schedules = [schedule({ request: { cohort: 'panel' } })];
  const watermarks = [{ ...mark(everyType, 2), coverage: {} }];
  expect(lagOf({ schedules, watermarks, syncedAt: new Map([['s1', hoursAgo(25)]]) })).toEqual([25, true]);
  expect(lagOf({ schedules, watermarks })).toEqual([1000, true]);
});

test('the lag of a connection with several schedules is the largest of them', () => {
  const schedules = [schedule({ request: { resourceTypes: ['Patient'] } }), schedule({ id: 's2', kind: 'sync' })];
  const syncedAt = new Map([['s2', hoursAgo(50)]]);
  expect(lagOf({ schedules, watermarks: [mark('Patient', 2)], syncedAt })).toEqual([50, true]);
});

test('the lag of a type that was never exported counts from the creation of its schedule', () => {
  const schedules = [schedule({ request: { resourceTypes: ['Patient', 'Coverage'] }, createdAt: hoursAgo(70) })];
  expect(lagOf({ schedules, watermarks: [mark('Patient', 2)] })).toEqual([70, true]);
  expect(lagOf({ schedules: [schedule({ kind: 'sync', createdAt: hoursAgo(3) })] })).toEqual([3, true]);
});

test('the lag of a connection without schedules is the age of its latest export or sync, and undefined before the first one', () => {
  const watermarks = [mark('Patient', 40), mark('Condition', 90, 'Group')];
  expect(lagOf({ watermarks })).toEqual([40, false]);
  expect(lagOf({ watermarks, syncedAt: new Map([[anySync, hoursAgo(5)]]) })).toEqual([5, false]);
  expect(lagOf({})).toBeUndefined();
});

test('the lag is zero if the clock of the server is ahead', () => {
  expect(lagOf({ watermarks: [mark('Patient', -1)] })).toEqual([0, false]);
});
