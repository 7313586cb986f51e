import type { History } from '../api/api.ts';

/** The rows and lines of a chart. */
export interface HistoryChart {
  readonly points: readonly Readonly<Record<string, string | number>>[];
  readonly series: readonly { readonly name: string; readonly label?: string; readonly color: string }[];
}

/** More lines cannot be told apart. */
const maxLines = 5;
const lineColors = ['tide.6', 'orange.6', 'grape.6', 'lime.7', 'pink.6', 'gray.6'];
const outcomes = [
  { name: 'completed', color: 'teal.6' },
  { name: 'partial', color: 'yellow.6' },
  { name: 'failed', color: 'red.7' },
  { name: 'cancelled', color: 'gray.6' },
] as const;

export function outcomesOf({ runs }: History): HistoryChart {
  const rows = Map.groupBy(runs, ({ at }) => at);
  const points = [...rows].map(([at, ofPeriod]) => ({
    at,
    ...Object.fromEntries(outcomes.map(({ name }) => [name, ofPeriod.reduce((sum, run) => sum + run[name], 0)])),
  }));
  return { points, series: outcomes };
}

export function durationsOf({ runs }: History): HistoryChart {
  const ended = runs.filter(({ medianSeconds }) => medianSeconds > 0);
  return toLines(ended.map(({ at, kind, medianSeconds }) => ({ at, line: `${kind}s`, value: medianSeconds / 60 })));
}

/** The types with the most resources. The others are one part. */
export function volumesOf({ volumes }: History): HistoryChart {
  const totals = Map.groupBy(volumes, ({ resourceType }) => resourceType);
  const sumOf = (type: string) => (totals.get(type) ?? []).reduce((sum, { resources }) => sum + resources, 0);
  const largest = [...totals.keys()].toSorted((left, right) => sumOf(right) - sumOf(left)).slice(0, maxLines);
  const entries = volumes.map(({ at, resourceType, resources }) => ({
    at,
    line: largest.includes(resourceType) ? resourceType : 'others',
    value: resources,
  }));
  return toLines(entries, [...largest, 'others']);
}

/** The connections with the largest lags, and if there are more, how far 95 % of all are behind. */
export function lagsOf({ lags, lagSpread }: History, nameOf: (connectionId: string) => string): HistoryChart {
  const entries = lags
    .slice(0, maxLines)
    .flatMap(({ connectionId, points }) =>
      points.map(({ at, seconds }) => ({ at, line: nameOf(connectionId), value: seconds / 60 })),
    );
  if (lags.length <= maxLines) return toLines(entries);
  const ofAll = lagSpread.map(({ at, highSeconds }) => ({
    at,
    line: '95 % of all connections',
    value: highSeconds / 60,
  }));
  return toLines([...entries, ...ofAll]);
}

/** In percent of each budget. */
export function usesOf({ budgets }: History): HistoryChart {
  return firstLines(budgets, ({ name, limit, points }) =>
    points.map(({ at, used }) => ({ at, line: name, value: (100 * used) / limit })),
  );
}

/** The queues in which a job had to wait. */
export function waitsOf({ queues }: History): HistoryChart {
  const longest = ({ points }: History['queues'][number]) => Math.max(0, ...points.map((point) => point.oldestSeconds));
  const waiting = queues.filter((queue) => longest(queue) > 0);
  return firstLines(
    waiting.toSorted((left, right) => longest(right) - longest(left)),
    ({ queue, points }) => points.map(({ at, oldestSeconds }) => ({ at, line: queue, value: oldestSeconds / 60 })),
  );
}

/** The highest value of a chart, for its axis. */
export function highestOf({ points, series }: HistoryChart, { isStacked }: { readonly isStacked: boolean }): number {
  const values = points.map((point) => series.map(({ name }) => Number(point[name] ?? 0)));
  const highest = values.map((ofPoint) =>
    isStacked ? ofPoint.reduce((sum, value) => sum + value, 0) : Math.max(0, ...ofPoint),
  );
  return Math.max(0, ...highest);
}

/** The lines of the first things, of which each has one line. */
function firstLines<Thing>(things: readonly Thing[], toEntries: (thing: Thing) => readonly Entry[]): HistoryChart {
  return toLines(things.slice(0, maxLines).flatMap(toEntries));
}

interface Entry {
  readonly at: string;
  readonly line: string;
  readonly value: number;
}

/** One row for each time, with the sum of each line. @param order the lines. By default in the order of the entries */
function toLines(entries: readonly Entry[], order?: readonly string[]): HistoryChart {
  const used = new Set(entries.map(({ line }) => line));
  const lines = order?.filter((line) => used.has(line)) ?? [...used];
  const rows = new Map<string, Record<string, string | number>>();
  for (const { at, line, value } of entries) {
    const row = rows.get(at) ?? { at };
    row[keyOf(line)] = Number(row[keyOf(line)] ?? 0) + value;
    rows.set(at, row);
  }
  const points = [...rows.values()].toSorted((left, right) => String(left.at).localeCompare(String(right.at)));
  const series = lines.map((line, index) => ({
    name: keyOf(line),
    label: line,
    color: lineColors[index] ?? 'gray.6',
  }));
  return { points, series };
}

/** The charts read a dot as a path. */
function keyOf(line: string): string {
  return line.replaceAll('.', ' ');
}
