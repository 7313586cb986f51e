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

/** Converts between instants and wall times. A wall time is given as the milliseconds that its figures have in UTC. @throws RangeError for an unknown zone */
function createWallClock(timeZone: string) {
  const zonedAt = (instantMs: number) => Temporal.Instant.fromEpochMilliseconds(instantMs).toZonedDateTimeISO(timeZone);
  const inUtc = (wall: Temporal.PlainDateTime) => wall.toZonedDateTime('UTC').epochMilliseconds;
  return {
    wallAt: (instantMs: number): number => inUtc(zonedAt(instantMs).toPlainDateTime()),
    /**
     * The instant at which the clocks show this time. If they show it twice, the first one. If they skip it, the instant at which
     * they are set forward over it.
     */
    instantOf(wallMs: number): number {
      const wall = Temporal.Instant.fromEpochMilliseconds(wallMs).toZonedDateTimeISO('UTC').toPlainDateTime();
      const zoned = wall.toZonedDateTime(timeZone, { disambiguation: 'earlier' });
      const isSkipped = !zoned.toPlainDateTime().equals(wall);
      return ((isSkipped && zoned.getTimeZoneTransition('next')) || zoned).epochMilliseconds;
    },
  };
}
