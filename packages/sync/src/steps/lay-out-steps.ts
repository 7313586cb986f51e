import type { Connection, Provider } from '@bulkhead/providers';
import type { SyncRun } from '../sync-run.record.ts';
import { newSyncSearch } from '../sync-search.ts';
import type { SyncSearch, SyncStep } from '../sync-step.record.ts';

interface Crawl {
  readonly run: SyncRun;
  /** To crawl. */
  readonly types: readonly string[];
  readonly patientIds: readonly string[];
  readonly connection: Connection;
  readonly provider: Provider;
}

/** What to ask for in as few requests as the server's rules allow: see docs/architecture.md, "An enhanced sync". */
export function layOutSteps(crawl: Crawl): SyncStep[] {
  const { run } = crawl;
  return plan(crawl).map(({ patientIds, searches }, index) => ({
    id: `${run.id}.${String(index).padStart(6, '0')}`,
    runId: run.id,
    connectionId: run.connectionId,
    patientIds,
    searches,
    state: 'pending',
    attempts: 0,
  }));
}

type Plan = Pick<SyncStep, 'patientIds' | 'searches'>;

function plan({ types, patientIds, connection, provider }: Crawl): Plan[] {
  const { idsPerRequest = 50, patientsPerRequest = 1, revIncludeIsComplete = false } = provider.search ?? {};
  const records = types.filter((type) => type !== 'Patient');
  const carried = revIncludeIsComplete ? carriedTypes({ records, connection }) : [];
  // A single type costs as much by a search of its own, which can be narrowed to what changed.
  if (carried.length > 1 || (carried.length === 1 && types.includes('Patient'))) {
    const own = ['Patient', ...records.filter((type) => !carried.includes(type))];
    const searches = [...toSearches(own), ...toSearches(carried, true)];
    return chunk(patientIds, patientsPerRequest).map((ids) => ({ patientIds: ids, searches }));
  }
  // The patients themselves are had by lists of ids, many in one request.
  const lists = types.includes('Patient') ? chunk(patientIds, idsPerRequest) : [];
  const groups = records.length > 0 ? chunk(patientIds, patientsPerRequest) : [];
  return [
    ...lists.map((ids) => ({ patientIds: ids, searches: toSearches(['Patient']) })),
    ...groups.map((ids) => ({ patientIds: ids, searches: toSearches(records) })),
  ];
}

/** Those that the CapabilityStatement offers to send along with their patient. */
function carriedTypes({
  records,
  connection,
}: {
  readonly records: readonly string[];
  readonly connection: Connection;
}) {
  const offered = new Set(connection.capabilities?.patientRevIncludes);
  return records.filter((type) => offered.has(`${type}:patient`));
}

function toSearches(types: readonly string[], isCarried = false): SyncSearch[] {
  return types.map((resourceType) => newSyncSearch({ resourceType, isCarried }));
}

function chunk(ids: readonly string[], size: number): string[][] {
  const count = Math.ceil(ids.length / size);
  return Array.from({ length: count }, (_, index) => ids.slice(index * size, (index + 1) * size));
}
