import type { SeenRequest } from '../system/simulator-control.ts';
import type { Finding } from './finding.ts';

/** From when to when chaos did its harm; on the same clock as the requests. */
export interface Strike {
  readonly fromMs: number;
  readonly toMs: number;
}

/** From an answer's last byte at the server to the record's fsync: a few ms here, a loaded machine takes some more. */
const storeMs = 300;
/** Of the clocks against each other. */
const clockErrorMs = 5;

/**
 * One accepted kick-off an export. A repeat is nobody's fault where chaos took the process while the answer was on its way
 * to the record: between the kick-off's arrival at the server and the storing of the status URL nobody else knows it.
 */
export function judgeKickOffs(options: {
  readonly requests: readonly SeenRequest[];
  /** When each export of the round was ordered, in order. */
  readonly orderedAtMs: readonly number[];
  /** Of actions that take processes; none for others: then somebody lived who knew. */
  readonly strikes: readonly Strike[];
}): { readonly findings: readonly Finding[]; readonly unavoidable: number } {
  const { requests, orderedAtMs, strikes } = options;
  const accepted = requests.filter(({ path, status = 202 }) => path.endsWith('/$export') && status < 400);
  let unavoidable = 0;
  let avoidable = 0;
  for (const [index, from] of orderedAtMs.entries()) {
    const to = orderedAtMs[index + 1] ?? Number.POSITIVE_INFINITY;
    const own = accepted.filter(({ arrivedAtMs }) => arrivedAtMs >= from - clockErrorMs && arrivedAtMs < to);
    // Each but the last was followed by another: was its status URL lost?
    for (const kickOff of own.slice(0, -1)) {
      if (strikes.some((strike) => hits(strike, kickOff))) unavoidable += 1;
      else avoidable += 1;
    }
  }
  const text = `${avoidable} kick-offs were repeated though nobody was lost in between`;
  return { findings: avoidable > 0 ? [{ verdict: 'duplicated', count: avoidable, text }] : [], unavoidable };
}

function hits({ fromMs, toMs }: Strike, { arrivedAtMs, durationMs = 0 }: SeenRequest): boolean {
  return fromMs <= arrivedAtMs + durationMs + storeMs && toMs >= arrivedAtMs - clockErrorMs;
}
