export interface MatchesDateInput {
  /** A date, dateTime or instant of a resource. */
  readonly value: string;
  /** With an optional prefix: `ge2024-01-01`. */
  readonly wanted: string;
}

/**
 * Compares by the day, or by the month or year where that is all the search names. athenahealth's `_lastUpdated` knows
 * no time of day either.
 */
export function matchesDate({ value, wanted }: MatchesDateInput): boolean {
  const [, prefix = 'eq', text = ''] = /^(eq|ne|gt|ge|lt|le)?(.*)$/.exec(wanted) ?? [];
  const bound = text.slice(0, 10);
  const day = value.slice(0, bound.length);
  const order = day < bound ? -1 : Number(day > bound);
  const isMet = { eq: order === 0, ne: order !== 0, gt: order > 0, ge: order >= 0, lt: order < 0, le: order <= 0 };
  return isMet[prefix as keyof typeof isMet];
}
