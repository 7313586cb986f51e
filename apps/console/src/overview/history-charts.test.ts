import { expect, test } from '@jest/globals';
import type { History } from '../api/api.ts';
import { durationsOf, highestOf, lagsOf, outcomesOf, usesOf, volumesOf, waitsOf } from './history-charts.ts';

const at = '2024-05-01T10:00:00.000Z';
const later = '2024-05-01T11:00:00.000Z';
const history: History = {
  from: at,
  to: later,
  pointSeconds: 900,
  barSeconds: 3600,
  figures: [],
  runs: [
    { at, kind: 'export', completed: 2, partial: 1, failed: 0, cancelled: 0, medianSeconds: 120, longestSeconds: 200 },
    { at, kind: 'sync', completed: 3, partial: 0, failed: 1, cancelled: 1, medianSeconds: 60, longestSeconds: 60 },
  ],
  volumes: ['A', 'B', 'C', 'D', 'E', 'F', 'G'].map((resourceType, index) => ({
    at,
    resourceType,
    resources: 100 - index,
    bytes: 1,
  })),
  lags: [{ connectionId: 'conn_1', points: [{ at, seconds: 120 }] }],
  lagSpread: [],
  budgets: [{ name: 'athenahealth.production', limit: 1000, points: [{ at, used: 250 }] }],
  queues: [
    { queue: 'sync', points: [{ at, waiting: 0, oldestSeconds: 0 }] },
    {
      queue: 'file-download',
      points: [
        { at: later, waiting: 3, oldestSeconds: 120 },
        { at, waiting: 1, oldestSeconds: 60 },
      ],
    },
  ],
};

test('the chart of outcomes counts exports and syncs together', () => {
  expect(outcomesOf(history).points).toEqual([{ at, completed: 5, partial: 1, failed: 1, cancelled: 1 }]);
});

test('the chart of durations has a line for each kind, in minutes', () => {
  expect(durationsOf(history).points).toEqual([{ at, exports: 2, syncs: 1 }]);
});

test('the chart of types has the five largest types and the sum of the others', () => {
  const { points, series } = volumesOf(history);
  expect(points).toEqual([{ at, A: 100, B: 99, C: 98, D: 97, E: 96, others: 95 + 94 }]);
  expect(series.map(({ name }) => name)).toEqual(['A', 'B', 'C', 'D', 'E', 'others']);
});

test('the chart of lags names the connections', () => {
  expect(lagsOf(history, (id) => `Practice ${id}`).points).toEqual([{ at, 'Practice conn_1': 2 }]);
});

test('the chart of budgets is in percent, and its lines have no dots in their keys', () => {
  const { points, series } = usesOf(history);
  expect(points).toEqual([{ at, 'athenahealth production': 25 }]);
  expect(series).toMatchObject([{ name: 'athenahealth production', label: 'athenahealth.production' }]);
});

test('the chart of queues leaves out those without a wait, and sorts by time', () => {
  expect(waitsOf(history).points).toEqual([
    { at, 'file-download': 1 },
    { at: later, 'file-download': 2 },
  ]);
});

test('the axis of a chart reaches its highest value, that of stacked bars their sum', () => {
  const outcomes = outcomesOf(history);
  expect(highestOf(outcomes, { isStacked: true })).toBe(8);
  expect(highestOf(outcomes, { isStacked: false })).toBe(5);
  expect(highestOf({ points: [], series: [] }, { isStacked: true })).toBe(0);
});
