/** Formats values for people. Programs use `--json`, which has them as the API sent them. */

/** `6,371` */
export function toCount(count: number): string {
  return count.toLocaleString('en-US');
}

const byteUnits = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** `512 bytes`, `4.2 MB` */
export function toBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), byteUnits.length - 1);
  const amount = bytes / 1000 ** power;
  return `${power === 0 || amount >= 100 ? toCount(Math.round(amount)) : amount.toFixed(1)} ${byteUnits[power]}`;
}

const timestamp = /\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z(?=[\s,.;)]|$)/g;

/** `2026-11-24 18:05:17 UTC` instead of `2026-11-24T18:05:17.511Z` */
function toTimes(text: string): string {
  return text.replaceAll(timestamp, '$1 $2 UTC');
}

/** @param name of the field or column. It says whether a number is an amount of bytes */
export function toShown(value: unknown, name: string): string {
  if (typeof value === 'number') return /bytes/i.test(name) ? toBytes(value) : toCount(value);
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : toTimes(String(value));
}
