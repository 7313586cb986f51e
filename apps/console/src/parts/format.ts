/** The two largest units: `45 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return join([Math.floor(seconds / 60), 'min'], [seconds % 60, 's']);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 24 * 60) return join([Math.floor(minutes / 60), 'h'], [minutes % 60, 'min']);
  const hours = Math.floor(minutes / 60);
  return join([Math.floor(hours / 24), 'd'], [hours % 24, 'h']);
}

function join(...parts: readonly (readonly [count: number, unit: string])[]): string {
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** With three digits, in powers of 1000, as for networks and disks. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toPrecision(3)} ${units[power]}`;
}

const counts = new Intl.NumberFormat('en-US');

export function formatCount(count: number): string {
  return counts.format(count);
}

/** The longest text of a value that fits into a column. */
const maxLength = 26;

/** Leaves out the middle of a long id or address. Both ends distinguish it from others. */
export function shortened(text: string): string {
  return text.length <= maxLength ? text : `${text.slice(0, 15)}…${text.slice(-8)}`;
}

const shortUnits = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

/** A duration in its largest unit, with two digits: `1.5 h`, `14 h`. For the axis of a chart, and lists that should not change each minute. */
export function formatShortDuration(ms: number): string {
  const [unit, size] = shortUnits.find(([, least]) => ms >= least) ?? (['s', 1000] as const);
  const parts = ms >= 10 * size ? 1 : 10;
  return `${Math.round((parts * ms) / size) / parts} ${unit}`;
}
