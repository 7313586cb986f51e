import type { SeenRequest } from '../system/simulator-control.ts';
import type { Finding } from './finding.ts';

/** The time in which a fault was injected, on the same clock as the requests. */
export interface Disruption {
  readonly fromMs: number;
  readonly toMs: number;
}

/** From the last byte of an answer at the server to the fsync of the record: a few ms, or more on a busy machine. */
const storeMs = 300;
/** The possible difference between the clocks. */
const clockErrorMs = 5;

/**
 * Verifies that each export has one accepted kick-off. A repeat is unavoidable if the fault took the process while the
 * answer was on its way to the record: between the arrival of the kick-off at the server and the storing of the status
 * URL, only that process knows it.
 */
export function verifyKickOffs(options: {
  readonly requests: readonly SeenRequest[];
  /** The start time of each export of the round, in order. */
  readonly orderedAtMs: readonly number[];
  /**
   * The faults that take processes. Other faults leave a process alive that knows the status URL, so they are left out.
   */
  readonly disruptions: readonly Disruption[];
}): { readonly findings: readonly Finding[]; readonly unavoidable: number } {
  const { requests, orderedAtMs, disruptions } = options;
  const accepted = requests.filter(({ path, status = 202 }) => path.endsWith('/$export') && status < 400);
  let unavoidable = 0;
  let avoidable = 0;
  for (const [index, from] of orderedAtMs.entries()) {
    const to = orderedAtMs[index + 1] ?? Number.POSITIVE_INFINITY;
    const ofExport = accepted.filter(({ arrivedAtMs }) => arrivedAtMs >= from - clockErrorMs && arrivedAtMs < to);
    // Each kick-off except the last was followed by another one. Check whether its status URL was lost.
    for (const kickOff of ofExport.slice(0, -1)) {
      if (disruptions.some((disruption) => hits(disruption, kickOff))) unavoidable += 1;
      else avoidable += 1;
    }
  }
  const text = `${avoidable} kick-offs were repeated although no process was lost in between`;
  return { findings: avoidable > 0 ? [{ verdict: 'duplicated', count: avoidable, text }] : [], unavoidable };
}

function hits({ fromMs, toMs }: Disruption, { arrivedAtMs, durationMs = 0 }: SeenRequest): boolean {
  return fromMs <= arrivedAtMs + durationMs + storeMs && toMs >= arrivedAtMs - clockErrorMs;
}
