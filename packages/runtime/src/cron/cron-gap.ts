import { CronExpressionParser } from 'cron-parser';

const dayMs = 24 * 60 * 60_000;

/** The shortest time between two occurrences, taking any two days for neighbours. @throws where it is no cron expression. */
export function shortestGapMs(cron: string): number {
  const { minute, hour } = CronExpressionParser.parse(cron).fields;
  // In order: the parser sorts the values of each field.
  const times = hour.values.flatMap((h) => minute.values.map((m) => (Number(h) * 60 + Number(m)) * 60_000));
  const [first = 0] = times;
  return Math.min(...times.map((time, index) => (times[index + 1] ?? first + dayMs) - time));
}
