import { median } from '@bulkhead/base';
import type { History } from './history.schema.ts';
import type { EndedRun, HistorySample } from './history-sample.record.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** A median of fewer days says nothing. */
const minDays = 3;

/** The periods of a history, so that a chart has about a hundred points and thirty bars. */
const periods = [
  { days: 1, pointMs: 15 * minuteMs, barMs: hourMs },
  { days: 7, pointMs: 2 * hourMs, barMs: 6 * hourMs },
  { days: 30, pointMs: 6 * hourMs, barMs: dayMs },
] as const;

/**
 * Makes the series of the last `days` days.
 *
 * @param options.samples all stored samples, the oldest first
 */
export function summarizeHistory(options: {
  readonly samples: readonly HistorySample[];
  readonly days: number;
  readonly now: Date;
}): History {
  const { samples, days, now } = options;
  const { pointMs, barMs } = periods.find((period) => days <= period.days) ?? periods[2];
  const from = new Date(now.getTime() - days * dayMs);
  const shown = samples.filter(({ at }) => at >= from);
  const runs = samples.flatMap((sample) => sample.runs);
  const shownRuns = runs.filter(({ endedAt }) => endedAt >= from);
  return {
    from: from.toISOString(),
    to: now.toISOString(),
    pointSeconds: pointMs / 1000,
    barSeconds: barMs / 1000,
    figures: toFigures({ samples, runs, now }),
    runs: toRuns(shownRuns, barMs),
    volumes: toVolumes(shownRuns, barMs),
    lags: toSeries(shown, {
      pointMs,
      of: ({ lags }) => lags,
      keyOf: ({ connectionId }) => connectionId,
      toPoint: (at, lags) => ({ at, seconds: highest(lags, ({ seconds }) => seconds) }),
    })
      .map(({ key: connectionId, points }) => ({ connectionId, points }))
      .toSorted((left, right) => highest(right.points, lagOf) - highest(left.points, lagOf)),
    budgets: toSeries(shown, {
      pointMs,
      of: ({ budgets }) => budgets,
      keyOf: ({ name }) => name,
      toPoint: (at, budgets) => ({ at, used: highest(budgets, ({ used }) => used) }),
    }).map(({ key: name, points, last }) => ({ name, limit: last.limit, points })),
    queues: toSeries(shown, {
      pointMs,
      of: ({ queues }) => queues,
      keyOf: ({ queue }) => queue,
      toPoint: (at, queues) => ({
        at,
        waiting: highest(queues, ({ waiting }) => waiting),
        oldestSeconds: highest(queues, ({ oldestSeconds }) => oldestSeconds),
      }),
    }).map(({ key: queue, points }) => ({ queue, points })),
  };
}

const lagOf = ({ seconds }: { readonly seconds: number }) => seconds;

function highest<Value>(values: readonly Value[], of: (value: Value) => number): number {
  return values.reduce((most, value) => Math.max(most, of(value)), 0);
}

function sum<Value>(values: readonly Value[], of: (value: Value) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}

/** The start of the period of a time. Periods of a day begin at midnight in UTC. */
function periodOf(at: Date, lengthMs: number): string {
  return new Date(at.getTime() - (at.getTime() % lengthMs)).toISOString();
}

/** One series for each key, with a point for each period in which a sample has a value. */
function toSeries<Value, Point>(
  samples: readonly HistorySample[],
  options: {
    readonly pointMs: number;
    readonly of: (sample: HistorySample) => readonly Value[];
    readonly keyOf: (value: Value) => string;
    readonly toPoint: (at: string, values: readonly Value[]) => Point;
  },
): { readonly key: string; readonly points: Point[]; readonly last: Value }[] {
  const { pointMs, of, keyOf, toPoint } = options;
  const values = samples.flatMap((sample) => of(sample).map((value) => ({ at: periodOf(sample.at, pointMs), value })));
  const byKey = Map.groupBy(values, ({ value }) => keyOf(value));
  return [...byKey].flatMap(([key, ofKey]) => {
    const last = ofKey.at(-1)?.value;
    const byPeriod = Map.groupBy(ofKey, ({ at }) => at);
    const points = [...byPeriod].map(([at, entries]) =>
      toPoint(
        at,
        entries.map(({ value }) => value),
      ),
    );
    return last === undefined ? [] : [{ key, points, last }];
  });
}

function toRuns(runs: readonly EndedRun[], barMs: number): History['runs'] {
  const groups = Map.groupBy(runs, ({ kind, endedAt }) => `${periodOf(endedAt, barMs)} ${kind}`);
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      if (!first) return [];
      const count = (outcome: EndedRun['outcome']) => group.filter((run) => run.outcome === outcome).length;
      const durations = group.filter(({ outcome }) => outcome !== 'cancelled').map(({ seconds }) => seconds);
      return [
        {
          at: periodOf(first.endedAt, barMs),
          kind: first.kind,
          completed: count('completed'),
          partial: count('partial'),
          failed: count('failed'),
          cancelled: count('cancelled'),
          medianSeconds: median(durations) ?? 0,
          longestSeconds: Math.max(0, ...durations),
        },
      ];
    })
    .toSorted((left, right) => left.at.localeCompare(right.at) || left.kind.localeCompare(right.kind));
}

function toVolumes(runs: readonly EndedRun[], barMs: number): History['volumes'] {
  const volumes = runs.flatMap(({ endedAt, types }) =>
    types.map((type) => ({ at: periodOf(endedAt, barMs), ...type })),
  );
  const groups = Map.groupBy(volumes, ({ at, resourceType }) => `${at} ${resourceType}`);
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      if (!first) return [];
      const { at, resourceType } = first;
      const resources = sum(group, (volume) => volume.resources);
      return [{ at, resourceType, resources, bytes: sum(group, ({ bytes }) => bytes) }];
    })
    .toSorted((left, right) => left.at.localeCompare(right.at) || right.resources - left.resources);
}

/** The figures of the last 24 hours, beside the median of the periods of 24 hours before. */
function toFigures(options: {
  readonly samples: readonly HistorySample[];
  readonly runs: readonly EndedRun[];
  readonly now: Date;
}): History['figures'] {
  const { samples, runs, now } = options;
  const ageOf = (at: Date) => Math.floor((now.getTime() - at.getTime()) / dayMs);
  const runsOfDay = Map.groupBy(runs, ({ endedAt }) => ageOf(endedAt));
  const samplesOfDay = Map.groupBy(samples, ({ at }) => ageOf(at));
  // Days before the first sample, and days without workers, say nothing about what is usual.
  const earlierDays = [...samplesOfDay.keys()].filter((age) => age > 0);
  const figure = (
    name: History['figures'][number]['figure'],
    of: (day: { readonly runs: readonly EndedRun[]; readonly samples: readonly HistorySample[] }) => number,
  ) => {
    const ofDay = (age: number) => of({ runs: runsOfDay.get(age) ?? [], samples: samplesOfDay.get(age) ?? [] });
    const usual = earlierDays.length < minDays ? {} : { usual: median(earlierDays.map(ofDay)) ?? 0 };
    return { figure: name, lastDay: ofDay(0), ...usual };
  };
  const isFailure = ({ outcome }: EndedRun) => outcome === 'failed' || outcome === 'partial';
  return [
    figure('runs', (day) => day.runs.length),
    figure('failed-runs', (day) => day.runs.filter(isFailure).length),
    figure('resources', (day) => sum(day.runs, ({ types }) => sum(types, ({ resources }) => resources))),
    figure('bytes', (day) => sum(day.runs, ({ types }) => sum(types, ({ bytes }) => bytes))),
    figure('longest-lag-seconds', (day) => highest(day.samples, ({ lags }) => highest(lags, lagOf))),
    figure('requests', (day) => highest(day.samples, ({ budgets }) => highest(budgets, ({ used }) => used))),
  ];
}
