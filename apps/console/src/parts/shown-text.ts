import { formatCount } from './format.ts';

/** The API counts up to this number. */
const maxTotal = 10_000;

/** @returns how much of a list is shown, such as `Showing 100 of 1,234, newest first.` */
export function shownText(options: {
  readonly shown: number;
  /** The number of all matches, if the API has counted them. */
  readonly total: number | undefined;
  readonly hasMore: boolean;
  readonly order?: string | undefined;
}): string {
  const { shown, total, hasMore, order } = options;
  const least = total === maxTotal ? 'at least ' : '';
  // Entries that were added since the first page was read are not in its total.
  const ofTotal = total === undefined || total <= shown ? '' : ` of ${least}${formatCount(total)}`;
  const amount = hasMore ? `${formatCount(shown)}${ofTotal}` : `all ${formatCount(shown)}`;
  return `Showing ${amount}${order === undefined ? '' : `, ${order}`}.`;
}
