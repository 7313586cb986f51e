import type { DrawnNumber } from './template.ts';

/**
 * A 32-bit hash of a place (seed, patient, type, number, purpose). All random values are hashes and not a sequence, so
 * that any resource can be generated alone, in any order, and always the same. Finalizer of MurmurHash3.
 */
export function mix(a: number, b: number, c: number, d = 0): number {
  let hash = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b);
  hash = Math.imul((hash ^ (hash >>> 15)) + b, 0xc2b2ae35);
  hash = Math.imul((hash ^ (hash >>> 13)) + c, 0x27d4eb2f);
  hash = Math.imul((hash ^ (hash >>> 16)) + d, 0x165667b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Returns an entry of a list that is not empty. */
export function pick<Entry>(list: readonly Entry[], hash: number): Entry {
  return list[hash % list.length] as Entry;
}

/** One of this many numbers has 20 significant digits, which a double cannot hold. */
const longNumberEvery = 97;
const longNumberDigits = 20;

/** The text of a number with its trailing zeros. */
export function drawNumber(range: DrawnNumber, hash: number): string {
  const { min, max, decimals } = range;
  const scale = 10 ** decimals;
  const scaled = Math.round(min * scale) + (hash % (Math.round((max - min) * scale) + 1));
  if (decimals === 0) return String(scaled);
  const whole = Math.floor(scaled / scale);
  const text = `${whole}.${String(scaled % scale).padStart(decimals, '0')}`;
  if ((hash >>> 7) % longNumberEvery !== 0) return text;
  return `${text.padEnd(longNumberDigits, '0')}7`;
}

const dayMs = 86_400_000;
/** Early enough that nothing is in the future, even if a machine's clock is wrong by a few months. */
const firstDayMs = Date.UTC(2023, 0, 1);
const dayCount = 1095;

const days = Array.from({ length: dayCount }, (_, day) =>
  new Date(firstDayMs + day * dayMs).toISOString().slice(0, 10),
);
const twoDigits = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));

export interface CalendarInstant {
  readonly day: string;
  readonly epochMs: number;
  /** UTC, to the second. */
  readonly text: string;
}

/** Turns a hash into an instant of 2023 to 2025. Its text comes from tables, because `toISOString` is too slow. */
export function calendarInstant(hash: number): CalendarInstant {
  const dayIndex = hash % dayCount;
  const minuteOfDay = (hash >>> 11) % 1440;
  const second = (hash >>> 22) % 60;
  const hour = Math.floor(minuteOfDay / 60);
  const day = days[dayIndex] as string;
  const time = `${twoDigits[hour]}:${twoDigits[minuteOfDay % 60]}:${twoDigits[second]}`;
  const epochMs = firstDayMs + dayIndex * dayMs + minuteOfDay * 60_000 + second * 1000;
  return { day, epochMs, text: `${day}T${time}Z` };
}
