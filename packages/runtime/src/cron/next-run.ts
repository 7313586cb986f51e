import { CronExpressionParser } from 'cron-parser';

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

/** What the clocks of a time zone show; a wall time is the milliseconds of the same figures in UTC. */
export interface WallClock {
  wallAt(instantMs: number): number;
  /**
   * The instant at which the clocks show this time: the first one where they show it twice, and where it is left out the
   * moment at which they are put forward over it.
   */
  instantOf(wallMs: number): number;
}

/** Longer than clocks are ever put back or forward, Samoa's left-out day included. */
const farFromSwitchMs = 36 * 60 * 60_000;

/** @throws RangeError for an unknown zone. */
function createWallClock(timeZone: string): WallClock {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const wallAt = (instantMs: number): number => {
    const parts = Object.fromEntries(format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    const ms = ((instantMs % 1000) + 1000) % 1000;
    return Date.UTC(year, month - 1, day, hour, minute, second, ms);
  };
  const offsetAt = (instantMs: number) => wallAt(instantMs) - instantMs;
  return {
    wallAt,
    instantOf(wallMs) {
      const before = wallMs - offsetAt(wallMs - farFromSwitchMs);
      const after = wallMs - offsetAt(wallMs + farFromSwitchMs);
      const [first, last] = [Math.min(before, after), Math.max(before, after)];
      for (const instant of [first, last]) if (wallAt(instant) === wallMs) return instant;
      return switchBetween({ first, last, isPast: (instant) => wallAt(instant) > wallMs });
    },
  };
}

/** The first instant that is past the switch, by halving. */
function switchBetween(options: {
  readonly first: number;
  readonly last: number;
  readonly isPast: (instant: number) => boolean;
}): number {
  let { first, last } = options;
  while (last - first > 1) {
    const middle = Math.floor((first + last) / 2);
    if (options.isPast(middle)) last = middle;
    else first = middle;
  }
  return options.isPast(first) ? first : last;
}
