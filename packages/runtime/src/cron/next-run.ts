import { CronExpressionParser } from 'cron-parser';
import { createWallClock } from './wall-clock.ts';

interface Timing {
  /** Five fields, of wall-clock times in `timeZone`. */
  readonly cron: string;
  /** IANA name. */
  readonly timeZone: string;
  /** How much later than the cron says. */
  readonly spreadMs: number;
}

/**
 * When a schedule is due next after an instant. Its cron is of wall-clock times: where summer time leaves one out it is due
 * at the switch, and one that comes twice is due once, at the first. (The parser's own handling of zones depends on where
 * it starts from, and misses a day where clocks move by half an hour; so it only ever sees UTC.)
 * @throws where it never fires.
 */
export function nextRun({ cron, timeZone, spreadMs }: Timing, after: Date): Date {
  const clock = createWallClock(timeZone);
  const afterMs = after.getTime() - spreadMs;
  const walls = CronExpressionParser.parse(cron, { tz: 'UTC', currentDate: new Date(clock.wallAt(afterMs)) });
  for (;;) {
    const instant = clock.instantOf(walls.next().getTime());
    if (instant > afterMs) return new Date(instant + spreadMs);
  }
}

export function nextRuns(timing: Timing, { after, count }: { readonly after: Date; readonly count: number }): Date[] {
  const runs: Date[] = [];
  for (let last = after; runs.length < count; ) {
    last = nextRun(timing, last);
    runs.push(last);
  }
  return runs;
}
