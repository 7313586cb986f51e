import { hash } from 'node:crypto';
import type { Provider } from '@bulkhead/ehr/providers';
import type { SkippedType, SyncRun } from '../sync-run.record.ts';
import { newSyncSearch } from '../sync-search.ts';
import type { SyncStep } from '../sync-step.record.ts';

export function notGranted(resourceType: string): SkippedType {
  return { resourceType, reason: 'the granted scopes do not cover it. Add its scope to the application at the EHR' };
}

interface Crawl {
  readonly run: SyncRun;
  readonly types: readonly string[];
  readonly patientIds: readonly string[];
  readonly provider: Provider;
}

/**
 * Plans a crawl with the fewest requests that the server's rules allow. See docs/design/syncs.md. The id of a step
 * depends on its searches, so two plans share only equal steps.
 */
export function planSteps(crawl: Crawl): SyncStep[] {
  const { run } = crawl;
  return groupSearches(crawl).map(({ patientIds, searches }, index) => ({
    id: `${run.id}.${String(index).padStart(6, '0')}.${planHash({ patientIds, searches })}`,
    runId: run.id,
    connectionId: run.connectionId,
    patientIds,
    searches,
    state: 'pending',
    attempts: 0,
  }));
}

function planHash({ patientIds, searches }: StepPlan): string {
  const types = searches.map(({ resourceType }) => resourceType);
  return hash('sha256', JSON.stringify([patientIds, types])).slice(0, 16);
}

type StepPlan = Pick<SyncStep, 'patientIds' | 'searches'>;

/** Patient resources are searched by lists of ids, many in one request, and everything else by patient. */
function groupSearches({ types, patientIds, provider }: Crawl): StepPlan[] {
  const { idsPerRequest = 50 } = provider.search ?? {};
  const records = types.filter((type) => type !== 'Patient');
  const lists = types.includes('Patient') ? chunk(patientIds, idsPerRequest) : [];
  return [
    ...lists.map((ids) => ({ patientIds: ids, searches: [newSyncSearch('Patient')] })),
    ...(records.length > 0 ? patientIds : []).map((id) => ({ patientIds: [id], searches: records.map(newSyncSearch) })),
  ];
}

function chunk(ids: readonly string[], size: number): string[][] {
  const count = Math.ceil(ids.length / size);
  return Array.from({ length: count }, (_, index) => ids.slice(index * size, (index + 1) * size));
}
