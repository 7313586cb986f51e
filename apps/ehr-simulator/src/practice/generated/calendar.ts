const dayMs = 86_400_000;
/** Nothing generated is from the future, however wrong a machine's clock is by a few months. */
const firstDayMs = Date.UTC(2023, 0, 1);
const dayCount = 1095;

const days = Array.from({ length: dayCount }, (_, day) =>
  new Date(firstDayMs + day * dayMs).toISOString().slice(0, 10),
);
const twoDigits = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));

export interface CalendarInstant {
  readonly day: string;
  readonly epochMs: number;
  /** To the second, UTC. */
  readonly text: string;
}

/** An instant of 2023 to 2025 for a hash. Texts come from tables: `toISOString` would cost as much as all the rest. */
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
