import { hash } from 'node:crypto';
import type { Connection } from '@bulkhead/connections';
import type { Provider } from '@bulkhead/ehr/providers';
import type { SyncRun } from '../sync-run.record.ts';
import { newSyncSearch } from '../sync-search.ts';
import type { SyncSearch, SyncStep } from '../sync-step.record.ts';

interface Crawl {
  readonly run: SyncRun;
  readonly types: readonly string[];
  readonly patientIds: readonly string[];
  readonly connection: Connection;
  readonly provider: Provider;
  /**
   * The crawl marks by patient, if all patients of the connection are crawled and the server can be searched without a patient. Undefined
   * otherwise.
   */
  readonly marks?: Marks | undefined;
}

type Marks = ReadonlyMap<string, Readonly<Record<string, Date>>>;

/**
 * Plans a crawl with the fewest requests that the server's rules allow. See docs/architecture.md, "An enhanced sync". The id of a step
 * depends on its searches, so two plans share only equal steps.
 */
export function planSteps(crawl: Crawl): SyncStep[] {
  const { run } = crawl;
  return groupSearches(crawl).map(({ patientIds, searches }, index) => ({
    id: `${run.id}.${String(index).padStart(6, '0')}.${digest({ patientIds, searches })}`,
    runId: run.id,
    connectionId: run.connectionId,
    patientIds,
    searches,
    state: 'pending',
    attempts: 0,
  }));
}

function digest({ patientIds, searches }: StepPlan): string {
  const types = searches.map(({ resourceType, isCarried }) => [resourceType, isCarried]);
  return hash('sha256', JSON.stringify([patientIds, types])).slice(0, 16);
}

type StepPlan = Pick<SyncStep, 'patientIds' | 'searches'>;

function groupSearches({ types, patientIds, connection, provider, marks }: Crawl): StepPlan[] {
  if (marks) return sweeps({ types, patientIds, marks });
  const { idsPerRequest = 50, patientsPerRequest = 1, revIncludeIsComplete = false } = provider.search ?? {};
  const records = types.filter((type) => type !== 'Patient');
  const carried = revIncludeIsComplete ? carriedTypes(records, connection) : [];
  // A single type needs as many requests if it is searched by itself, and then the search can be narrowed to changes.
  if (carried.length > 1 || (carried.length === 1 && types.includes('Patient'))) {
    const ownTypes = ['Patient', ...records.filter((type) => !carried.includes(type))];
    const searches = [...toSearches(ownTypes), ...toSearches(carried, true)];
    return chunk(patientIds, patientsPerRequest).map((ids) => ({ patientIds: ids, searches }));
  }
  // Patient resources are searched by lists of ids, many in one request.
  const lists = types.includes('Patient') ? chunk(patientIds, idsPerRequest) : [];
  const groups = records.length > 0 ? chunk(patientIds, patientsPerRequest) : [];
  return [
    ...lists.map((ids) => ({ patientIds: ids, searches: toSearches(['Patient']) })),
    ...groups.map((ids) => ({ patientIds: ids, searches: toSearches(records) })),
  ];
}

/**
 * One search for each type over all patients. Patients who are new to the crawl are also searched by themselves, because the common
 * search asks only for what has changed. If no patient has a mark of a type, the common search asks for everything.
 */
function sweeps(options: { readonly marks: Marks } & Pick<Crawl, 'types' | 'patientIds'>): StepPlan[] {
  const { types, patientIds, marks } = options;
  const hasMark = (id: string, type: string) => marks.get(id)?.[type] !== undefined;
  const narrowed = types.filter((type) => patientIds.some((id) => hasMark(id, type)));
  const newPatients = patientIds.map((id) => ({ id, missing: narrowed.filter((type) => !hasMark(id, type)) }));
  return [
    ...types.map((type) => ({ patientIds: [], searches: toSearches([type]) })),
    ...newPatients
      .filter(({ missing }) => missing.length > 0)
      .map(({ id, missing }) => ({ patientIds: [id], searches: toSearches(missing) })),
  ];
}

/** The types that can be included with their patient, according to the CapabilityStatement. */
function carriedTypes(records: readonly string[], connection: Connection) {
  const offered = new Set(connection.capabilities?.patientRevIncludes);
  return records.filter((type) => offered.has(`${type}:patient`));
}

function toSearches(types: readonly string[], isCarried = false): SyncSearch[] {
  return types.map((resourceType) => newSyncSearch(resourceType, isCarried));
}

function chunk(ids: readonly string[], size: number): string[][] {
  const count = Math.ceil(ids.length / size);
  return Array.from({ length: count }, (_, index) => ids.slice(index * size, (index + 1) * size));
}
