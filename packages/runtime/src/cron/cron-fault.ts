import { CronExpressionParser } from 'cron-parser';

/**
 * Each run spends requests of the EHR's daily budget (100,000 at athenahealth), which the polls and files of every
 * connection need too; and a crawl of a practice of some hundred patients takes about as long.
 */
const shortestGapMinutes = 15;

/** @returns what is wrong with a cron expression of five fields, or undefined. */
export function cronFault(cron: string): string | undefined {
  if (cron.trim().split(/\s+/).length !== 5) {
    return 'must have five fields: minute, hour, day of month, month, day of week, such as "0 2 * * *"';
  }
  // The parser would draw another time at each start; `spread` is the same idea, and stable.
  if (/\bH\b/i.test(cron)) return 'must name its times: "H" is not known here, `spread` does the same';
  let gapMs: number;
  try {
    gapMs = shortestGapMs(cron);
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    if (neverFires.test(reason)) return 'never fires: there is no such day';
    return `is no cron expression: ${reason}`;
  }
  if (gapMs < shortestGapMinutes * 60_000) {
    return `runs more often than every ${shortestGapMinutes} minutes: each run spends requests of the EHR's daily budget`;
  }
  try {
    CronExpressionParser.parse(cron, { tz: 'UTC' }).next();
    return undefined;
  } catch {
    return 'never fires: there is no such day';
  }
}

/** The parser's word for 30 February. */
const neverFires = /explicit day of month/i;

const dayMs = 24 * 60 * 60_000;

/** The shortest time between two occurrences, taking any two days for neighbours. @throws where it is no cron expression. */
export function shortestGapMs(cron: string): number {
  const { minute, hour } = CronExpressionParser.parse(cron).fields;
  // In order: the parser sorts the values of each field.
  const times = hour.values.flatMap((h) => minute.values.map((m) => (Number(h) * 60 + Number(m)) * 60_000));
  const [first = 0] = times;
  return Math.min(...times.map((time, index) => (times[index + 1] ?? first + dayMs) - time));
}

/** Whether it is a zone of the IANA database, such as `America/New_York`; an offset has no summer time and is refused. */
export function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone });
    return /^[A-Za-z]/.test(timeZone);
  } catch {
    return false;
  }
}
