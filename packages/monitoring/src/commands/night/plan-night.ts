/** A run of a schedule that is due. Times are in milliseconds. */
export interface PlannedRun {
  readonly at: number;
  /** How long it usually takes, with its requests spread evenly over this time. */
  readonly durationMs: number;
  readonly requests: number;
}

export interface NightPlan {
  readonly requests: number;
  /** The most requests in any 24 hours until the end, those included that were sent before. */
  readonly peak: number;
  /** When the last run ends. Undefined if there is none, or if the budget does not suffice. */
  readonly endsAt: number | undefined;
  /** How much later that is than without a limit. Undefined if the budget does not suffice for all runs within three days. */
  readonly lateMs: number | undefined;
}

/** As exact as the limiter counts a day (`dayBuckets`). */
const stepMs = 10 * 60_000;
const dayMs = 24 * 60 * 60_000;
/** A plan that is still late after three days says only that the budget is too small. */
const horizonMs = 3 * dayMs;

/**
 * Computes when runs end that share a budget. What cannot be sent in a step waits for the next one.
 * @param options.spent the requests of the last 24 hours, by when they were sent
 */
export function planNight(options: {
  readonly now: number;
  readonly runs: readonly PlannedRun[];
  readonly spent: readonly { readonly at: number; readonly requests: number }[];
  readonly perMinute: number;
  readonly perDay: number;
}): NightPlan {
  const { now, runs, spent, perMinute, perDay } = options;
  const steps = Math.ceil(horizonMs / stepMs);
  const wanted = wantedBySteps(runs, { now, steps });
  const requests = runs.reduce((sum, run) => sum + run.requests, 0);
  const usualEnd = runs.reduce((latest, { at, durationMs }) => Math.max(latest, at + durationMs), now);
  const sent: number[] = [];
  let [waiting, peak] = [0, 0];
  for (let step = 0; step < steps; step++) {
    const end = now + (step + 1) * stepMs;
    const earlier = spent.reduce((sum, each) => sum + (each.at > end - dayMs ? each.requests : 0), 0);
    const ofDay = sent.slice(Math.max(0, step + 1 - dayMs / stepMs)).reduce((sum, each) => sum + each, earlier);
    waiting += wanted[step] ?? 0;
    const sending = Math.min(waiting, (perMinute * stepMs) / 60_000, Math.max(perDay - ofDay, 0));
    sent.push(sending);
    waiting -= sending;
    peak = Math.max(peak, ofDay + sending);
    // Half a request, because shares of a request are added.
    if (waiting < 0.5 && end > usualEnd) {
      const lateMs = lastStep(sent) > lastStep(wanted) ? Math.max(end - usualEnd, 0) : 0;
      return { requests, peak: Math.round(peak), endsAt: runs.length === 0 ? undefined : usualEnd + lateMs, lateMs };
    }
  }
  return { requests, peak: Math.round(peak), endsAt: undefined, lateMs: undefined };
}

/** How many requests the runs want to send in each step. What is due after the last step counts in it. */
function wantedBySteps(runs: readonly PlannedRun[], { now, steps }: { readonly now: number; readonly steps: number }) {
  const wanted = new Array<number>(steps).fill(0);
  for (const { at, durationMs, requests } of runs) {
    const first = Math.min(Math.floor(Math.max(at - now, 0) / stepMs), steps - 1);
    const last = Math.min(Math.floor(Math.max(at + durationMs - now, 0) / stepMs), steps - 1);
    for (let step = first; step <= last; step++) wanted[step] = (wanted[step] ?? 0) + requests / (last - first + 1);
  }
  return wanted;
}

function lastStep(amounts: readonly number[]): number {
  return amounts.findLastIndex((amount) => amount > 0);
}
