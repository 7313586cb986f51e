import { type HistorySample, maxWorst } from './history-sample.record.ts';

/** Adds a sample to an earlier one of the same quarter of an hour: the highest of each value, and the runs of both. */
export function mergeSamples(earlier: HistorySample | undefined, later: HistorySample): HistorySample {
  if (!earlier) return later;
  const highest = Math.max;
  const { lagSpread = earlier.lagSpread, usual = earlier.usual } = later;
  return {
    id: earlier.id,
    at: earlier.at,
    queues: mergeBy([...earlier.queues, ...later.queues], {
      keyOf: ({ queue }) => queue,
      merge: (left, right) => ({
        queue: left.queue,
        waiting: highest(left.waiting, right.waiting),
        oldestSeconds: highest(left.oldestSeconds, right.oldestSeconds),
      }),
    }),
    budgets: fullest(
      mergeBy([...earlier.budgets, ...later.budgets], {
        keyOf: ({ name }) => name,
        merge: (left, right) => (right.used >= left.used ? right : left),
      }),
    ),
    lags: furthestBehind(
      mergeBy([...earlier.lags, ...later.lags], {
        keyOf: ({ connectionId }) => connectionId,
        merge: (left, right) => (right.seconds >= left.seconds ? right : left),
      }),
    ),
    ...(lagSpread && { lagSpread }),
    runs: mergeRuns([...earlier.runs, ...later.runs]),
    volumes: mergeVolumes([...earlier.volumes, ...later.volumes]),
    runsUntil: later.runsUntil,
    ...(usual && { usual }),
  };
}

export function mergeRuns(runs: HistorySample['runs']): HistorySample['runs'] {
  return mergeBy(runs, {
    keyOf: ({ kind, at, outcome }) => `${kind} ${outcome} ${at.toISOString()}`,
    merge: (left, right) => ({ ...left, seconds: [...left.seconds, ...right.seconds] }),
  });
}

export function mergeVolumes(volumes: HistorySample['volumes']): HistorySample['volumes'] {
  return mergeBy(volumes, {
    keyOf: ({ at, resourceType }) => `${resourceType} ${at.toISOString()}`,
    merge: (left, right) => ({
      ...left,
      resources: left.resources + right.resources,
      bytes: left.bytes + right.bytes,
    }),
  });
}

export function fullest(budgets: HistorySample['budgets']): HistorySample['budgets'] {
  return budgets.toSorted((left, right) => right.used / right.limit - left.used / left.limit).slice(0, maxWorst);
}

export function furthestBehind(lags: HistorySample['lags']): HistorySample['lags'] {
  return lags.toSorted((left, right) => right.seconds - left.seconds).slice(0, maxWorst);
}

function mergeBy<Value>(
  values: readonly Value[],
  { keyOf, merge }: { readonly keyOf: (value: Value) => string; readonly merge: (left: Value, right: Value) => Value },
): Value[] {
  const merged = new Map<string, Value>();
  for (const value of values) {
    const before = merged.get(keyOf(value));
    merged.set(keyOf(value), before === undefined ? value : merge(before, value));
  }
  return [...merged.values()];
}
