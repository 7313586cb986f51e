import { CronExpressionParser } from 'cron-parser';

/**
 * Each run uses requests of the EHR's daily budget (100,000 at athenahealth), which polls and downloads of all connections need
 * too. Also, a crawl of a practice with a few hundred patients takes about this long.
 */
const shortestGapMinutes = 15;

/** @returns what is wrong with a cron expression of five fields, or undefined if nothing is. */
export function cronFault(cron: string): string | undefined {
  if (cron.trim().split(/\s+/).length !== 5) {
    return 'must have five fields: minute, hour, day of month, month, day of week, such as "0 2 * * *"';
  }
  // The parser picks another time at each start. `spread` also distributes runs, and its times are stable.
  if (/\bH\b/i.test(cron)) return 'must contain fixed times: "H" is not supported. Use `spread` instead';
  let gapMs: number;
  try {
    gapMs = shortestGapMs(cron);
  } catch (error) {
    if (error instanceof Error && neverFires.test(error.message)) return 'never fires, because the day does not exist';
    return faultOfField(cron);
  }
  if (gapMs < shortestGapMinutes * 60_000) {
    return `runs more often than every ${shortestGapMinutes} minutes: each run spends requests of the EHR's daily budget`;
  }
  try {
    CronExpressionParser.parse(cron, { tz: 'UTC' }).next();
    return undefined;
  } catch {
    return 'never fires, because the day does not exist';
  }
}

/** The fields of an expression in their order, with what a single value may be. */
const fields = [
  { name: 'minute', values: 'a number from 0 to 59' },
  { name: 'hour', values: 'a number from 0 to 23' },
  { name: 'day of the month', values: 'a number from 1 to 31, or L for the last day' },
  { name: 'month', values: 'a number from 1 to 12, or a name such as JAN' },
  { name: 'day of the week', values: 'a number from 0 (Sunday) to 7 (Sunday), or a name such as MON' },
];

/** Names the field that the parser refuses, and what it may be: the parser's own words are about its insides. */
function faultOfField(cron: string): string {
  const texts = cron.trim().split(/\s+/);
  const wrong = fields.flatMap(({ name, values }, index) => {
    const text = texts[index] ?? '';
    const alone = fields.map((_field, other) => (other === index ? text : '*')).join(' ');
    if (isParsed(alone)) return [];
    return [`its ${name} "${text}" must be ${values}, or *, a range (1-5), a list (1,5) or a step (*/5)`];
  });
  return `is not a valid cron expression: ${wrong[0] ?? 'its fields do not fit together'}`;
}

function isParsed(cron: string): boolean {
  try {
    CronExpressionParser.parse(cron);
    return true;
  } catch {
    return false;
  }
}

/** Part of the parser's message for dates such as 30 February. */
const neverFires = /explicit day of month/i;

const dayMs = 24 * 60 * 60_000;

/** The shortest time between two runs. It assumes that runs can be on consecutive days. @throws if the expression is not valid. */
export function shortestGapMs(cron: string): number {
  const { minute, hour } = CronExpressionParser.parse(cron).fields;
  // The parser has sorted the values of each field.
  const times = hour.values.flatMap((h) => minute.values.map((m) => (Number(h) * 60 + Number(m)) * 60_000));
  const [first = 0] = times;
  return Math.min(...times.map((time, index) => (times[index + 1] ?? first + dayMs) - time));
}

/**
 * Whether this is a zone of the IANA database, such as `America/New_York`. Offsets are rejected, because they have no summer time.
 */
export function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone });
    return /^[A-Za-z]/.test(timeZone);
  } catch {
    return false;
  }
}
