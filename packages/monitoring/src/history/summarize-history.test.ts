import { describe, expect, test } from '@jest/globals';
import type { EndedRuns, HistorySample } from './history-sample.record.ts';
import { mergeSamples } from './merge-samples.ts';
import { summarizeHistory, usualOf } from './summarize-history.ts';

const now = new Date('2024-05-10T12:00:00Z');
const hourMs = 60 * 60_000;
const ago = (hours: number) => new Date(now.getTime() - hours * hourMs);

function makeSample(at: Date, change: Partial<HistorySample> = {}): HistorySample {
  return {
    id: at.toISOString(),
    at,
    queues: [],
    budgets: [],
    lags: [],
    runs: [],
    volumes: [],
    runsUntil: at,
    ...change,
  };
}

function makeRuns(at: Date, change: Partial<EndedRuns> = {}): EndedRuns {
  return { kind: 'export', at, outcome: 'completed', seconds: [60], ...change };
}

describe('the samples of a quarter of an hour', () => {
  const at = ago(1);
  const earlier = makeSample(at, {
    queues: [{ queue: 'sync', waiting: 5, oldestSeconds: 1 }],
    budgets: [{ name: 'athenahealth.production', used: 10, limit: 100 }],
    lags: [{ connectionId: 'conn_1', seconds: 9 }],
    runs: [makeRuns(at)],
  });
  const later = makeSample(at, {
    queues: [
      { queue: 'sync', waiting: 2, oldestSeconds: 30 },
      { queue: 'document', waiting: 1, oldestSeconds: 0 },
    ],
    budgets: [{ name: 'athenahealth.production', used: 12, limit: 100 }],
    lags: [{ connectionId: 'conn_1', seconds: 3 }],
    runs: [makeRuns(at, { kind: 'sync' })],
    runsUntil: now,
  });

  test('the samples of a quarter are merged to the highest of each value and the runs of all', () => {
    expect(mergeSamples(earlier, later)).toEqual({
      ...later,
      queues: [
        { queue: 'sync', waiting: 5, oldestSeconds: 30 },
        { queue: 'document', waiting: 1, oldestSeconds: 0 },
      ],
      lags: [{ connectionId: 'conn_1', seconds: 9 }],
      runs: [...earlier.runs, ...later.runs],
    });
  });

  test('the first sample of a quarter stays as it is', () => {
    expect(mergeSamples(undefined, later)).toBe(later);
  });
});

test('a history counts the runs of each period by outcome, with their durations', () => {
  const runs = [
    makeRuns(ago(2), { seconds: [100] }),
    makeRuns(ago(2), { seconds: [300] }),
    makeRuns(ago(2), { seconds: [200], outcome: 'failed' }),
    makeRuns(ago(2), { seconds: [9000], outcome: 'cancelled' }),
    makeRuns(ago(5), { kind: 'sync', outcome: 'partial', seconds: [7] }),
    makeRuns(ago(25)),
  ];
  const history = summarizeHistory({ samples: [makeSample(ago(1), { runs })], days: 1, now });
  expect(history.runs).toEqual([
    {
      at: ago(5).toISOString(),
      kind: 'sync',
      completed: 0,
      partial: 1,
      failed: 0,
      cancelled: 0,
      medianSeconds: 7,
      longestSeconds: 7,
    },
    {
      at: ago(2).toISOString(),
      kind: 'export',
      completed: 2,
      partial: 0,
      failed: 1,
      cancelled: 1,
      medianSeconds: 200,
      longestSeconds: 300,
    },
  ]);
});

test('a history adds up what the runs of a period stored, by type', () => {
  const volume = { resourceType: 'Patient', resources: 10, bytes: 1000 };
  const volumes = [
    { ...volume, at: ago(2) },
    { ...volume, at: ago(1.75) },
  ];
  const history = summarizeHistory({ samples: [makeSample(ago(1), { volumes })], days: 1, now });
  expect(history.volumes).toEqual([{ at: ago(2).toISOString(), resourceType: 'Patient', resources: 20, bytes: 2000 }]);
});

test('a history has the highest value of each period, and the connection with the largest lag first', () => {
  const samples = [3, 2.75, 2.5].map((hours, index) =>
    makeSample(ago(hours), {
      queues: [{ queue: 'sync', waiting: 10 + index, oldestSeconds: 30 - index }],
      budgets: [{ name: 'athenahealth.production', used: 100 * index, limit: 1000 }],
      lags: [
        { connectionId: 'conn_1', seconds: 60 },
        { connectionId: 'conn_2', seconds: 90 },
      ],
    }),
  );
  const history = summarizeHistory({ samples, days: 7, now });
  expect([history.pointSeconds, history.barSeconds]).toEqual([7200, 21_600]);
  const at = new Date('2024-05-10T08:00:00Z').toISOString();
  expect(history.queues).toEqual([{ queue: 'sync', points: [{ at, waiting: 12, oldestSeconds: 30 }] }]);
  expect(history.budgets).toEqual([{ name: 'athenahealth.production', limit: 1000, points: [{ at, used: 200 }] }]);
  expect(history.lags.map(({ connectionId }) => connectionId)).toEqual(['conn_2', 'conn_1']);
});

test('a history compares the last day with the median of the days before', () => {
  const resources = [7, 5, 6, 100];
  const samples = resources
    .map((count, days) => {
      const at = ago(24 * days + 1);
      return makeSample(at, {
        runs: [makeRuns(at, { outcome: days === 0 ? 'failed' : 'completed' })],
        volumes: [{ at, resourceType: 'Patient', resources: count, bytes: 10 * count }],
        budgets: [{ name: 'athenahealth.production', used: 3 * count, limit: 1000 }],
        lags: [{ connectionId: 'conn_1', seconds: 2 * count }],
      });
    })
    .toReversed();
  const usual = usualOf(samples, now) ?? [];
  const lastDay = samples.slice(-1).map((sample) => ({ ...sample, usual }));
  expect(summarizeHistory({ samples: lastDay, days: 1, now }).figures).toEqual([
    { figure: 'runs', lastDay: 1, usual: 1 },
    { figure: 'failed-runs', lastDay: 1, usual: 0 },
    { figure: 'resources', lastDay: 7, usual: 6 },
    { figure: 'bytes', lastDay: 70, usual: 60 },
    { figure: 'longest-lag-seconds', lastDay: 14, usual: 12 },
    { figure: 'requests', lastDay: 21, usual: 18 },
  ]);
});

test('a history says nothing about what is usual before it has three earlier days', () => {
  const samples = [0, 1, 2].map((days) => makeSample(ago(24 * days + 1)));
  expect(usualOf(samples, now)).toBeUndefined();
  const { figures } = summarizeHistory({ samples: samples.slice(0, 1), days: 1, now });
  expect(figures.filter((figure) => 'usual' in figure)).toEqual([]);
});

test('a sample of a thousand connections, and a look at a day of samples, stay small', () => {
  const lags = Array.from({ length: 1000 }, (_, index) => ({ connectionId: `conn_${index}`, seconds: index }));
  const budgets = lags.map(({ connectionId, seconds }) => ({ name: connectionId, used: seconds, limit: 1000 }));
  const day = Array.from({ length: 96 }, (_, quarter) =>
    mergeSamples(
      makeSample(ago(24 - quarter / 4), { lags: lags.slice(0, 10) }),
      makeSample(ago(24 - quarter / 4), { lags, budgets, lagSpread: { median: 500, high: 950 } }),
    ),
  );
  expect(day[0]?.lags.map(({ seconds }) => seconds)).toEqual([999, 998, 997, 996, 995, 994, 993, 992, 991, 990]);
  expect(Buffer.byteLength(JSON.stringify(day))).toBeLessThan(150_000);
  const { lagSpread } = summarizeHistory({ samples: day, days: 1, now });
  expect(lagSpread[0]).toMatchObject({ medianSeconds: 500, highSeconds: 950 });
});
