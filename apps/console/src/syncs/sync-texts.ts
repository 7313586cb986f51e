import type { SyncRun, SyncRunDetail } from '../api/api.ts';
import { formatCount } from '../parts/format.ts';

type CountField = 'status' | 'requests' | 'minimumRequests';

/** The requests of a run. The fewest possible are known when every search has ended. */
export function requestsText({ status, requests, minimumRequests }: Pick<SyncRunDetail, CountField>): string {
  if (status === 'IN_PROGRESS') return `${formatCount(requests)} so far`;
  if (status !== 'COMPLETED') return formatCount(requests);
  return `${formatCount(requests)} (fewest possible: ${formatCount(minimumRequests)})`;
}

/** What is searched: "14 types, 3 patients". */
export function syncText({ types, request, patients }: Pick<SyncRun, 'types' | 'request' | 'patients'>): string {
  const typeText = types.length === 0 ? '' : types.length === 1 ? `${types[0]}` : `${types.length} types`;
  const count = patients ?? (request.patients.length || undefined);
  const patientText = count === undefined ? '' : `${formatCount(count)} ${count === 1 ? 'patient' : 'patients'}`;
  return [typeText, patientText].filter(Boolean).join(', ') || 'All patients';
}

/** A cancelled run cannot be retried. */
export function canRetrySync(status: SyncRun['status']): boolean {
  return status !== 'IN_PROGRESS' && status !== 'COMPLETED' && status !== 'CANCELLED';
}
