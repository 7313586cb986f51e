import { CronExpressionParser } from 'cron-parser';

interface Timing {
  /** Five fields of wall-clock times in `timeZone`. */
  readonly cron: string;
  /** IANA name. */
  readonly timeZone: string;
  /** The delay after the time that the cron expression names. */
  readonly spreadMs: number;
}

/**
 * The next time after `after` at which a schedule is due. The cron expression names wall-clock times. If summer time skips such a
 * time, the schedule is due at the switch. If a time occurs twice, it is due once, the first time.
 *
 * The parser only ever sees UTC. Its own time zone support depends on where it starts from, and misses a day if clocks move by half
 * an hour.
 * @throws if the schedule never fires
 */
export function nextRun(timing: Timing, after: Date): Date {
  const [next] = nextRuns(timing, { after, count: 1 });
  return next as Date;
}

export function nextRuns(timing: Timing, { after, count }: { readonly after: Date; readonly count: number }): Date[] {
  const { cron, timeZone, spreadMs } = timing;
  const clock = createWallClock(timeZone);
  let lastMs = after.getTime() - spreadMs;
  const wallTimes = CronExpressionParser.parse(cron, { tz: 'UTC', currentDate: new Date(clock.wallAt(lastMs)) });
  const runs: Date[] = [];
  while (runs.length < count) {
    const instant = clock.instantOf(wallTimes.next().getTime());
    if (instant <= lastMs) continue;
    lastMs = instant;
    runs.push(new Date(instant + spreadMs));
  }
  return runs;
}

/** Longer than any clock change. The longest was a day, which Samoa skipped. */
const farFromSwitchMs = 36 * 60 * 60_000;

/** A format takes longer to create than to use, and a list of schedules has few zones. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
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
  formats.set(timeZone, format);
  return format;
}

/**
 * Converts between instants and wall times. A wall time is given as the milliseconds that its figures have in UTC.
 * @throws RangeError for an unknown zone.
 */
function createWallClock(timeZone: string) {
  const format = formatOf(timeZone);
  const wallAt = (instantMs: number): number => {
    const parts = Object.fromEntries(format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    const ms = ((instantMs % 1000) + 1000) % 1000;
    return Date.UTC(year, month - 1, day, hour, minute, second, ms);
  };
  const offsetAt = (instantMs: number) => wallAt(instantMs) - instantMs;
  return {
    wallAt,
    /**
     * The instant at which the clocks show this time. If they show it twice, the first one. If they skip it, the instant at which
     * they are set forward over it.
     */
    instantOf(wallMs: number): number {
      const before = wallMs - offsetAt(wallMs - farFromSwitchMs);
      const after = wallMs - offsetAt(wallMs + farFromSwitchMs);
      const [first, last] = [Math.min(before, after), Math.max(before, after)];
      for (const instant of [first, last]) if (wallAt(instant) === wallMs) return instant;
      return switchBetween({ first, last, isPast: (instant) => wallAt(instant) > wallMs });
    },
  };
}

/** The first instant after the switch, found by bisection. */
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
