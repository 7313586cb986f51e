/** The first and the last instant of a FHIR date. */
export interface DateRange {
  readonly start: Date;
  readonly end: Date;
}

/** The limits of a period without a start or an end: the first and last instant that FHIR can express. */
export const openStart = new Date('0001-01-01T00:00:00.000Z');
export const openEnd = new Date('9999-12-31T23:59:59.999Z');

const pattern =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)?)?)?)?$/;

const leapSecond = /^(\d{4}-\d\d-\d\dT\d\d:\d\d):60(?:\.\d+)?(?=$|[Z+-])/;

/**
 * FHIR allows leap seconds (https://hl7.org/fhir/R4/datatypes.html#dateTime), and JavaScript's `Date` does not have them. One becomes the
 * last millisecond of its minute, so it stays in its day, and times keep their order.
 */
export function withoutLeapSecond(text: string): string {
  return text.replace(leapSecond, '$1:59.999');
}

/**
 * Reads a date, dateTime or instant of any precision. `2024-01` is the whole month (https://hl7.org/fhir/R4/search.html#date).
 * Without a time zone it is UTC, so that the result does not depend on where this runs. Fractions of a millisecond are ignored.
 * @returns undefined if the text is none of these
 */
export function readDateRange(text: string): DateRange | undefined {
  const match = pattern.exec(withoutLeapSecond(text));
  if (!match) return undefined;
  const [, year = '', month, day, hour, minute, second, fraction, zone] = match;
  const midnight = toMidnight({ year: Number(year), month: Number(month ?? 1), day: Number(day ?? 1) });
  if (midnight === undefined || year === '0000') return undefined;
  const isTime = Number(hour ?? 0) < 24 && Number(minute ?? 0) < 60 && Number(second ?? 0) < 60;
  if (!isTime) return undefined;
  const seconds = Number(hour ?? 0) * 3600 + Number(minute ?? 0) * 60 + Number(second ?? 0);
  const milliseconds = Number(fraction?.padEnd(3, '0').slice(0, 3) ?? 0);
  const start = midnight + seconds * 1000 + milliseconds - offsetMs(zone);
  return { start: new Date(start), end: new Date(start + lengthMs({ midnight, match }) - 1) };
}

/** The instant at which a day begins in UTC, or undefined if the day does not exist. */
function toMidnight({ year, month, day }: { year: number; month: number; day: number }): number | undefined {
  const date = new Date(0);
  // Unlike Date.UTC, this does not move the years before 100 to the 20th century.
  const midnight = date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? midnight : undefined;
}

/** The length of the written precision: a year, a month, a day, and so on down to a millisecond. */
function lengthMs({ midnight, match }: { midnight: number; match: RegExpExecArray }): number {
  const [, , month, day, , minute, second, fraction] = match;
  if (fraction !== undefined) return 1;
  if (second !== undefined) return 1000;
  if (minute !== undefined) return 60_000;
  if (day !== undefined) return 24 * 3_600_000;
  const next = new Date(midnight);
  return (month === undefined ? next.setUTCMonth(12) : next.setUTCMonth(next.getUTCMonth() + 1)) - midnight;
}

function offsetMs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4));
  return minutes * (zone.startsWith('-') ? -60_000 : 60_000);
}
