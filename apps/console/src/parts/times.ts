const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** From here on, a date says more than a number of days. */
const maxRelativeMs = 30 * dayMs;

/** "5 min ago", "in 3 h". @returns undefined if the time is more than 30 days away */
export function formatRelative(at: string, now: Date): string | undefined {
  const differenceMs = Date.parse(at) - now.getTime();
  const distanceMs = Math.abs(differenceMs);
  if (distanceMs >= maxRelativeMs) return undefined;
  // The page counts in steps of 15 seconds, and the clocks of two machines differ.
  if (distanceMs < 45 * secondMs) return differenceMs > 15 * secondMs ? 'in a moment' : 'just now';
  const [length, unit] =
    distanceMs < 90 * minuteMs ? [minuteMs, 'min'] : distanceMs < 2 * dayMs ? [hourMs, 'h'] : [dayMs, 'days'];
  const text = `${Math.round(distanceMs / length)} ${unit}`;
  return differenceMs > 0 ? `in ${text}` : `${text} ago`;
}

/**
 * "Nov 27, 2026, 02:00:00 EST". The zone is always there.
 * @param timeZone default: the zone of the browser, which is also used if the browser does not know the zone
 */
export function formatInstant(at: string, timeZone?: string): string {
  const format = (zone: string | undefined) =>
    new Intl.DateTimeFormat('en-US', {
      year: 'numeric',
      month: 'short',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
      timeZoneName: 'short',
      timeZone: zone,
    } as Intl.DateTimeFormatOptions).format(new Date(at));
  try {
    return format(timeZone);
  } catch {
    return format(undefined);
  }
}

/** The zone of the browser, such as "America/New_York". */
export const localZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The value of a `datetime-local` field, which has the browser's zone. */
export function toLocalInput(at: string | undefined): string {
  if (at === undefined || Number.isNaN(Date.parse(at))) return '';
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * minuteMs).toISOString().slice(0, 16);
}

/** @returns undefined for an empty field */
export function fromLocalInput(text: string): string | undefined {
  return text === '' ? undefined : new Date(text).toISOString();
}
