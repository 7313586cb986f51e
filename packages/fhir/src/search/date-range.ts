/** The instants that a FHIR date stands for, both ends included. */
export interface DateRange {
  readonly start: Date;
  readonly end: Date;
}

/** Where a period without a start begins, and one without an end ends: the first and last instant that FHIR can write. */
export const openStart = new Date('0001-01-01T00:00:00.000Z');
export const openEnd = new Date('9999-12-31T23:59:59.999Z');

const pattern =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)?)?)?)?$/;

/**
 * Reads a date, dateTime or instant of any precision; undefined: it is none. `2024-01` is the whole month
 * (https://hl7.org/fhir/R4/search.html#date). Where no time zone is given it is UTC, so that the answer does not depend on
 * where this runs; below the millisecond nothing is told apart.
 */
export function readDateRange(text: string): DateRange | undefined {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const millisecond = fraction?.padEnd(3, '0').slice(0, 3);
  const parts = [year, month, day, hour, minute, second, millisecond];
  const given = parts.filter((part) => part !== undefined).map(Number);
  const start = toInstant(given);
  if (start === undefined || year === '0000') return undefined;
  // The next date of the same precision, less a millisecond.
  const next = toInstant(given.with(-1, (given.at(-1) ?? 0) + 1), true) ?? Number.NaN;
  const offset = offsetMs(zone);
  return { start: new Date(start - offset), end: new Date((millisecond === undefined ? next - 1 : start) - offset) };
}

/** Milliseconds of a UTC date in parts; undefined where there is no such date, unless parts may run over. */
function toInstant(parts: readonly number[], mayRunOver = false): number | undefined {
  const [year = 0, month = 1, day = 1, ...time] = parts;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const [hour = 0, minute = 0, second = 0, millisecond = 0] = time;
  date.setUTCHours(hour, minute, second, millisecond);
  const isSame =
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  return isSame || mayRunOver ? date.getTime() : undefined;
}

function offsetMs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4));
  return minutes * (zone.startsWith('-') ? -60_000 : 60_000);
}
