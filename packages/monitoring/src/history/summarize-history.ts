import { median } from '@bulkhead/base';
import { figureNames, type History } from './history.schema.ts';
import type { EndedRuns, HistorySample, Volume } from './history-sample.record.ts';
import { mergeVolumes } from './merge-samples.ts';

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
 * @param options.samples of these days, the oldest first
 */
export function summarizeHistory(options: {
  readonly samples: readonly HistorySample[];
  readonly days: number;
  readonly now: Date;
}): History {
  const { samples: shown, days, now } = options;
  const { pointMs, barMs } = periods.find((period) => days <= period.days) ?? periods[2];
  const from = new Date(now.getTime() - days * dayMs);
  const isShown = ({ at }: { readonly at: Date }) => at >= from;
  return {
    from: from.toISOString(),
    to: now.toISOString(),
    pointSeconds: pointMs / 1000,
    barSeconds: barMs / 1000,
    figures: toFigures(shown, now),
    runs: toRuns(shown.flatMap(({ runs }) => runs).filter(isShown), barMs),
    volumes: toVolumes(shown.flatMap(({ volumes }) => volumes).filter(isShown), barMs),
    lagSpread: toSeries(shown, {
      pointMs,
      of: ({ lagSpread }) => (lagSpread ? [lagSpread] : []),
      keyOf: () => 'all',
      toPoint: (at, spreads) => ({
        at,
        medianSeconds: highest(spreads, ({ median: seconds }) => seconds),
        highSeconds: highest(spreads, ({ high }) => high),
      }),
    }).flatMap(({ points }) => points),
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

function toRuns(runs: readonly EndedRuns[], barMs: number): History['runs'] {
  const groups = Map.groupBy(runs, ({ kind, at }) => `${periodOf(at, barMs)} ${kind}`);
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      if (!first) return [];
      const count = (outcome: EndedRuns['outcome']) =>
        sum(
          group.filter((ended) => ended.outcome === outcome),
          ({ seconds }) => seconds.length,
        );
      const durations = group.filter(({ outcome }) => outcome !== 'cancelled').flatMap(({ seconds }) => seconds);
      return [
        {
          at: periodOf(first.at, barMs),
          kind: first.kind,
          completed: count('completed'),
          partial: count('partial'),
          failed: count('failed'),
          cancelled: count('cancelled'),
          medianSeconds: median(durations) ?? 0,
          longestSeconds: highest(durations, (seconds) => seconds),
        },
      ];
    })
    .toSorted((left, right) => left.at.localeCompare(right.at) || left.kind.localeCompare(right.kind));
}

function toVolumes(volumes: readonly Volume[], barMs: number): History['volumes'] {
  const ofBars = volumes.map((volume) => ({ ...volume, at: new Date(periodOf(volume.at, barMs)) }));
  return mergeVolumes(ofBars)
    .map(({ at, ...volume }) => ({ at: at.toISOString(), ...volume }))
    .toSorted((left, right) => left.at.localeCompare(right.at) || right.resources - left.resources);
}

type FigureName = (typeof figureNames)[number];

const figuresOf: Readonly<Record<FigureName, (samples: readonly HistorySample[]) => number>> = {
  runs: (samples) => countRuns(samples, () => true),
  'failed-runs': (samples) => countRuns(samples, ({ outcome }) => outcome === 'failed' || outcome === 'partial'),
  resources: (samples) => sum(samples, ({ volumes }) => sum(volumes, ({ resources }) => resources)),
  bytes: (samples) => sum(samples, ({ volumes }) => sum(volumes, ({ bytes }) => bytes)),
  'longest-lag-seconds': (samples) => highest(samples, ({ lags }) => highest(lags, lagOf)),
  requests: (samples) => highest(samples, ({ budgets }) => highest(budgets, ({ used }) => used)),
};

function countRuns(samples: readonly HistorySample[], isCounted: (runs: EndedRuns) => boolean): number {
  return sum(samples, ({ runs }) => sum(runs.filter(isCounted), ({ seconds }) => seconds.length));
}

function toFigures(samples: readonly HistorySample[], now: Date): History['figures'] {
  const lastDay = samples.filter(({ at }) => now.getTime() - at.getTime() < dayMs);
  const usual = samples.findLast((sample) => sample.usual !== undefined)?.usual ?? [];
  return figureNames.map((figure) => {
    const value = usual.find((entry) => entry.figure === figure)?.value;
    return { figure, lastDay: figuresOf[figure](lastDay), ...(value === undefined ? {} : { usual: value }) };
  });
}

/** What is usual: the median of each figure over the periods of 24 hours before the last one. Undefined if there are too few. */
export function usualOf(samples: readonly HistorySample[], now: Date): HistorySample['usual'] {
  const days = Map.groupBy(samples, ({ at }) => Math.floor((now.getTime() - at.getTime()) / dayMs));
  // Days before the first sample, and days without workers, say nothing about what is usual.
  const earlier = [...days].filter(([age]) => age > 0);
  if (earlier.length < minDays) return undefined;
  return figureNames.map((figure) => ({
    figure,
    value: median(earlier.map(([, day]) => figuresOf[figure](day))) ?? 0,
  }));
}
