/** Formats values for people. Programs use `--json`, which has them as the API sent them. */

/** `6,371` */
export function toCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** A message names a few, because a deployment has thousands. */
const named = 20;

/** The number of things, and a line for each of the first. */
export function toNamed(what: string, all: readonly string[]): string[] {
  const more = all.length > named ? [`  and ${all.length - named} more`] : [];
  return [`${what}: ${all.length}`, ...all.slice(0, named).map((line) => `  ${line}`), ...more];
}

const byteUnits = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** `512 bytes`, `4.2 MB` */
export function toBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), byteUnits.length - 1);
  const amount = bytes / 1000 ** power;
  return `${power === 0 || amount >= 100 ? toCount(Math.round(amount)) : amount.toFixed(1)} ${byteUnits[power]}`;
}

/** `6.9 s`, `12 m`, `5.4 h`: how long a run took, or takes until now if it has not ended. */
export function toDuration(startedAt: string | undefined, completedAt?: string): string | undefined {
  if (startedAt === undefined) return undefined;
  const end = completedAt === undefined ? Date.now() : Date.parse(completedAt);
  // The clock of the server may be ahead.
  const seconds = Math.max(end - Date.parse(startedAt), 0) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return seconds < 3600 ? `${Math.round(seconds / 60)} m` : `${(seconds / 3600).toFixed(1)} h`;
}

/** The types in a column: the first ones and the number of the others. */
export function toTypes(types: readonly string[]): string {
  const [first = 'all', second, ...others] = types;
  const shown = second === undefined ? first : `${first},${second}`;
  return others.length === 0 ? shown : `${shown} +${others.length}`;
}

const timestamp = /\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z(?=[\s,.;)]|$)/g;

/** `2026-11-24 18:05:17 UTC` instead of `2026-11-24T18:05:17.511Z` */
export function toTimes(text: string): string {
  return text.replaceAll(timestamp, '$1 $2 UTC');
}

/** Times that an option takes back, such as `--since`, are shown in its form. */
const takenBack = ['until'];

/** @param name of the field or column. It says whether a number is an amount of bytes */
export function toShown(value: unknown, name: string): string {
  if (takenBack.includes(name)) return String(value);
  if (typeof value === 'number') return /bytes/i.test(name) ? toBytes(value) : toCount(value);
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : toTimes(String(value));
}
