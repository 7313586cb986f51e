import type { DrawnNumber } from './generated-type.ts';

/** One in this many is written with 20 significant digits: the kind that a double cannot hold. */
const longNumberEvery = 97;
const longNumberDigits = 20;

/** The text of a number, trailing zeros and all. */
export function drawNumber({ range, hash }: { readonly range: DrawnNumber; readonly hash: number }): string {
  const { min, max, decimals } = range;
  const scale = 10 ** decimals;
  const scaled = Math.round(min * scale) + (hash % (Math.round((max - min) * scale) + 1));
  if (decimals === 0) return String(scaled);
  const whole = Math.floor(scaled / scale);
  const text = `${whole}.${String(scaled % scale).padStart(decimals, '0')}`;
  if ((hash >>> 7) % longNumberEvery !== 0) return text;
  return `${text.padEnd(longNumberDigits, '0')}7`;
}
