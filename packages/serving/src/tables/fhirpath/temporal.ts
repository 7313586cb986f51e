/*
 * Dates and times are texts, as in FHIR JSON. They are compared and completed as far as their precision allows:
 * https://hl7.org/fhirpath/N1/#datetime-equality.
 */

/** To read and compare two times, or to complete one, takes as long as this many steps of the budget. */
export const stepsOfTemporal = 50;

export type TemporalType = 'date' | 'dateTime' | 'instant' | 'time';

export const temporalTypes: readonly string[] = ['date', 'dateTime', 'instant', 'time'] satisfies TemporalType[];

const datePattern = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:T(.*))?$/;
const timePattern = /^(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?(Z|[+-]\d\d:\d\d)?$/;

interface Temporal {
  /** Year, month and day as far as they are given. Empty for a time. */
  readonly date: readonly string[];
  /** Hours, minutes and seconds as far as they are given. */
  readonly time: readonly string[];
  readonly zone: string | undefined;
}

function readTemporal(text: string): Temporal | undefined {
  const isTime = /^\d\d(?::|$)/.test(text);
  const [, year, month, day, rest] = isTime ? [] : (datePattern.exec(text) ?? []);
  if (!isTime && year === undefined) return undefined;
  const timeText = isTime ? text : rest;
  const [whole, hours, minutes, seconds, zone] = timePattern.exec(timeText ?? '') ?? [];
  if (timeText && whole === undefined) return undefined;
  const isGiven = (part: string | undefined): part is string => part !== undefined;
  return { date: [year, month, day].filter(isGiven), time: [hours, minutes, seconds].filter(isGiven), zone };
}

export function isTemporalText(text: string): boolean {
  return readTemporal(text) !== undefined;
}

/** @returns undefined if the precision does not say which is earlier, or if a text is not a date or time */
export function compareTemporal(left: string, right: string): number | undefined {
  const [first, second] = [left, right].map((text) => readTemporal(text));
  if (!first || !second) return undefined;
  const hasTimes = first.time.length > 1 && second.time.length > 1;
  if (hasTimes && (first.zone === undefined) !== (second.zone === undefined)) return undefined;
  const [one, other] = hasTimes && first.zone !== undefined ? [atUtc(first), atUtc(second)] : [first, second];
  const [parts, otherParts] = [
    [...one.date, ...one.time],
    [...other.date, ...other.time],
  ];
  for (let index = 0; index < Math.min(parts.length, otherParts.length); index++) {
    const difference = compareParts(parts[index] as string, otherParts[index] as string);
    if (difference !== 0) return difference;
  }
  return parts.length === otherParts.length ? 0 : undefined;
}

/** Seconds can have fractions of different lengths, and `1.0` equals `1.00`. */
function compareParts(left: string, right: string): number {
  const [first, second] = [withoutZeros(left), withoutZeros(right)];
  return first < second ? -1 : Number(first > second);
}

function withoutZeros(part: string): string {
  if (!part.includes('.')) return part;
  let end = part.length;
  while (part[end - 1] === '0') end -= 1;
  return part.slice(0, part[end - 1] === '.' ? end - 1 : end);
}

/** The same in UTC. Only whole minutes change. */
function atUtc({ date, time, zone = 'Z' }: Temporal): Temporal {
  const [year = '', month = '01', day = '01'] = date;
  const [hours = '00', minutes = '00', ...seconds] = time;
  const utc = new Date(`${year}-${month}-${day}T${hours}:${minutes}:00${zone}`);
  if (Number.isNaN(utc.getTime())) return { date, time, zone };
  const text = utc.toISOString();
  return {
    date: [text.slice(0, -20), text.slice(-19, -17), text.slice(-16, -14)],
    time: [text.slice(-13, -11), text.slice(-10, -8), ...seconds],
    zone: 'Z',
  };
}

/**
 * The first or last date or time that is written like this one, to the millisecond.
 * @param options.type of the element. A text with a time is never a date.
 * @returns undefined if the text is not a date or time
 */
export function temporalBoundary(options: {
  readonly text: string;
  readonly type: TemporalType;
  readonly side: 'low' | 'high';
}): string | undefined {
  const { text, side } = options;
  const temporal = readTemporal(text);
  if (!temporal) return undefined;
  const isTime = temporal.date.length === 0;
  const time = completeTime(temporal.time, side);
  if (isTime) return time;
  const date = completeDate(temporal.date, side);
  if (options.type === 'date' && temporal.time.length === 0) return date;
  return `${date}T${time}${temporal.zone ?? (side === 'low' ? '+14:00' : '-12:00')}`;
}

function completeDate([year = '', month, day]: readonly string[], side: 'low' | 'high'): string {
  const fullMonth = month ?? (side === 'low' ? '01' : '12');
  if (day !== undefined) return `${year}-${fullMonth}-${day}`;
  if (side === 'low') return `${year}-${fullMonth}-01`;
  // Day 0 of a month is the last one of the month before.
  const last = new Date(Date.UTC(2000 + (Number(year) % 400), Number(fullMonth), 0)).getUTCDate();
  return `${year}-${fullMonth}-${last}`;
}

function completeTime([hours, minutes, seconds]: readonly string[], side: 'low' | 'high'): string {
  const [lastHour, lastMinute] = side === 'low' ? ['00', '00'] : ['23', '59'];
  const [whole, fraction = ''] = (seconds ?? lastMinute).split('.');
  const milliseconds = fraction.padEnd(3, side === 'low' ? '0' : '9');
  return `${hours ?? lastHour}:${minutes ?? lastMinute}:${whole}.${milliseconds}`;
}
