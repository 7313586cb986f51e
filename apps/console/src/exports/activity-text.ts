import type { BulkExport } from '../api/api.ts';
import { formatDuration } from '../parts/format.ts';

/** What a running export waits for, in one line. The time until the next request is left out once it is over. */
export function activityText(activity: NonNullable<BulkExport['activity']>, now: Date): string {
  const { message, until, usualSeconds } = activity;
  const leftMs = until === undefined ? 0 : Date.parse(until) - now.getTime();
  return [
    message,
    leftMs > 0 ? `Next request in ${formatDuration(leftMs)}.` : '',
    usualSeconds === undefined ? '' : `Exports of this connection usually take ${formatDuration(usualSeconds * 1000)}.`,
  ]
    .filter(Boolean)
    .join(' ');
}
