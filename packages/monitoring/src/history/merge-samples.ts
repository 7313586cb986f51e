import type { HistorySample } from './history-sample.record.ts';

/** Adds a sample to an earlier one of the same quarter of an hour: the highest of each value, and the runs of both. */
export function mergeSamples(earlier: HistorySample | undefined, later: HistorySample): HistorySample {
  if (!earlier) return later;
  const highest = Math.max;
  return {
    id: earlier.id,
    at: earlier.at,
    queues: mergeBy(earlier.queues, later.queues, {
      keyOf: ({ queue }) => queue,
      merge: (left, right) => ({
        queue: left.queue,
        waiting: highest(left.waiting, right.waiting),
        oldestSeconds: highest(left.oldestSeconds, right.oldestSeconds),
      }),
    }),
    budgets: mergeBy(earlier.budgets, later.budgets, {
      keyOf: ({ name }) => name,
      merge: (left, right) => (right.used >= left.used ? right : left),
    }),
    lags: mergeBy(earlier.lags, later.lags, {
      keyOf: ({ connectionId }) => connectionId,
      merge: (left, right) => (right.seconds >= left.seconds ? right : left),
    }),
    runs: [...earlier.runs, ...later.runs],
    runsUntil: later.runsUntil,
  };
}

function mergeBy<Value>(
  earlier: readonly Value[],
  later: readonly Value[],
  { keyOf, merge }: { readonly keyOf: (value: Value) => string; readonly merge: (left: Value, right: Value) => Value },
): Value[] {
  const merged = new Map(earlier.map((value) => [keyOf(value), value]));
  for (const value of later) {
    const before = merged.get(keyOf(value));
    merged.set(keyOf(value), before === undefined ? value : merge(before, value));
  }
  return [...merged.values()];
}
