/** Minutes after midnight. A window that ends before it begins ends on the next day. */
export interface Window {
  readonly from: number;
  readonly until: number;
}

const dayMinutes = 24 * 60;
const minuteMs = 60_000;
/** Its multiples, without their whole parts, are spread evenly, however many there are. */
const goldenRatio = (Math.sqrt(5) - 1) / 2;

/** Whether a cron names one time of every day. */
export function isDaily({ cron }: { readonly cron: string }): boolean {
  return /^\d+ +\d+( +\*){3}$/.test(cron.trim());
}

/**
 * Spreads runs over a window by how long they take: each ends within it, those that take longer than it start with it, and runs of similar length
 * start evenly spread over the time that they leave.
 * @returns the runs, the longest first, with the minute of the day at which each starts
 */
export function spreadOver<Run extends { readonly id: string; readonly durationMs: number }>(
  runs: readonly Run[],
  { from, until }: Window,
): (Run & { readonly startMinute: number })[] {
  const windowMinutes = (until - from + dayMinutes) % dayMinutes || dayMinutes;
  const sorted = runs.toSorted((one, other) => other.durationMs - one.durationMs || (one.id < other.id ? -1 : 1));
  return sorted.map((run, index) => {
    const slack = Math.max(windowMinutes - Math.ceil(run.durationMs / minuteMs), 0);
    const offset = Math.floor(slack * ((index * goldenRatio) % 1));
    return { ...run, startMinute: (from + offset) % dayMinutes };
  });
}
