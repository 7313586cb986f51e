import type { SyncRun, SyncRunDetail } from '../api/api.ts';
import { formatCount } from '../parts/format.ts';

type CountField = 'status' | 'requests' | 'minimumRequests';

/** The requests of a run. The fewest possible are known when every search has ended. */
export function requestsText({ status, requests, minimumRequests }: Pick<SyncRunDetail, CountField>): string {
  if (status === 'IN_PROGRESS') return `${formatCount(requests)} so far`;
  if (status !== 'COMPLETED') return formatCount(requests);
  return `${formatCount(requests)} (fewest possible: ${formatCount(minimumRequests)})`;
}

/** A cancelled run cannot be retried. */
export function canRetrySync(status: SyncRun['status']): boolean {
  return status !== 'IN_PROGRESS' && status !== 'COMPLETED' && status !== 'CANCELLED';
}
