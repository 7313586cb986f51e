import { withoutNames } from '@bulkhead/client';
import type { RunActivity } from '../../api/api.ts';
import { formatDuration } from '../format.ts';

/** What a running export or sync waits for, in one line. The time until the next request is left out once it is over. */
export function activityText(options: {
  readonly activity: RunActivity;
  /** The plural of what runs. */
  readonly runs: 'Exports' | 'Syncs';
  readonly now: Date;
}): string {
  const { activity, runs, now } = options;
  const { message, until, usualSeconds, leftSeconds } = activity;
  const leftMs = until === undefined ? 0 : Date.parse(until) - now.getTime();
  return [
    withoutNames(message),
    leftMs > 0 ? `Next request in ${formatDuration(leftMs)}.` : '',
    // The time left is shown beside it. Both together could seem to contradict each other.
    usualSeconds === undefined || leftSeconds !== undefined
      ? ''
      : `${runs} of this connection usually take ${formatDuration(usualSeconds * 1000)}.`,
  ]
    .filter(Boolean)
    .join(' ');
}
