import { ApiError, answerOf, type components } from '@bulkhead/client';
import { given } from '../command.ts';
import type { Context } from '../context.ts';
import { inParallel } from '../in-parallel.ts';
import { exitOf } from '../output/report-error.ts';
import type { ConnectionsFile, FileEntry } from './read-connections-file.ts';

type Api = Context['api'];
type Fields = Readonly<Record<string, unknown>>;

/** How a connection differs from its entry. */
export interface EntryPlan {
  readonly entry: FileEntry;
  readonly plan: components['schemas']['ConnectionPlan'];
}

export interface BudgetPlan {
  readonly provider: string;
  /** The entry of the provider to store. */
  readonly entry: Fields;
  /** What the entry was made from. A change since then is not undone. */
  readonly version: string;
}

export interface FilePlan {
  readonly entries: readonly EntryPlan[];
  readonly budgets: readonly BudgetPlan[];
  /** The names of stored connections that the file does not have. */
  readonly others: readonly string[];
}

/** The API takes a hundred entries and 1 MB. */
const maxBatch = { entries: 100, bytes: 950_000 };
/** More would wait for each other in the API, which is one process. */
const parallelPlans = 4;

/** Compares a file with what is stored. Mistakes that the API finds are added to the file. Nothing is changed. */
export async function planFile(api: Api, file: ConnectionsFile): Promise<FilePlan> {
  const budgets = await planBudgets(api, file);
  const batches = toBatches(file);
  const planned = await inParallel(batches, { limit: parallelPlans, run: (batch) => planEntries(api, batch) });
  const entries = planned.flat();
  for (const { entry, plan } of entries) for (const fault of plan.faults) file.addFault(entry.name, fault);
  addDoubles(entries, file);
  return { entries, budgets, others: await listOthers(api, entries) };
}

export async function planEntries(api: Api, entries: readonly FileEntry[]): Promise<EntryPlan[]> {
  const { data } = answerOf(await api.POST('/api/ehr/connections/plan', { body: { connections: [...entries] } }));
  return entries.map((entry, index) => ({ entry, plan: data.plans[index] as EntryPlan['plan'] }));
}

/** Lists stored connections that the file does not have. All others are counted first, because a list of 50,000 takes a minute. */
async function listOthers(api: Api, entries: readonly EntryPlan[]): Promise<string[]> {
  const { total } = answerOf(await api.GET('/api/ehr/connections/counts')).data;
  if (total === entries.filter(({ plan }) => plan.id !== undefined).length) return [];
  const names = new Set(entries.map(({ entry }) => entry.name));
  return (await listConnections(api)).map(({ name }) => name).filter((name) => !names.has(name));
}

function toBatches(file: ConnectionsFile): FileEntry[][] {
  const batches: FileEntry[][] = [];
  let bytes = 0;
  for (const entry of file.entries) {
    const sizeBytes = Buffer.byteLength(JSON.stringify(entry));
    if (sizeBytes > maxBatch.bytes) {
      const message = 'are too many for one request. Set them with "bulkhead cohorts set"';
      file.addFault(entry.name, { path: 'cohorts', message });
      continue;
    }
    const last = batches.at(-1);
    bytes += sizeBytes;
    if (last && last.length < maxBatch.entries && bytes <= maxBatch.bytes) last.push(entry);
    else {
      batches.push([entry]);
      bytes = sizeBytes;
    }
  }
  return batches;
}

/** The API refuses a second connection for the same practice, so two of one file would fail half-way. */
function addDoubles(entries: readonly EntryPlan[], file: ConnectionsFile): void {
  const first = new Map<string, string>();
  for (const { entry, plan } of entries) {
    if (plan.purpose === undefined) continue;
    const other = first.get(plan.purpose);
    if (other === undefined) first.set(plan.purpose, entry.name);
    else {
      const message = `is for the same practice, Group or server as ${other} in line ${file.lineOf(other)}. Set force to true if it should be`;
      file.addFault(entry.name, { path: 'practiceId', message });
    }
  }
}

/** Whether all parts of a change are so already. */
function contains(value: unknown, change: unknown): boolean {
  // It removes the field.
  if (change === null) return value === undefined;
  if (typeof change !== 'object') return value === change;
  return Object.entries(change).every(([name, part]) => contains((value as Fields | undefined)?.[name], part));
}

function merge(value: unknown, change: unknown): unknown {
  if (typeof change !== 'object' || change === null) return change;
  const parts = Object.entries(change).map(([name, part]) => [
    name,
    merge((value as Fields | undefined)?.[name], part),
  ]);
  return { ...(value as Fields | undefined), ...Object.fromEntries(parts) };
}

async function planBudgets(api: Api, file: ConnectionsFile): Promise<BudgetPlan[]> {
  const plans = await inParallel([...file.budgets], {
    limit: 1,
    async run([provider, change]) {
      try {
        const params = { path: { id: provider } };
        const { data } = answerOf(await api.GET('/api/ehr/providers/{id}', { params }));
        if (contains(data.settings, change)) return [];
        const entry = merge(data.entry, change) as Fields;
        const plan = { provider, entry, version: data.version };
        await putProvider(api, plan, { dryRun: 'true' });
        return [plan];
      } catch (error) {
        if (!(error instanceof ApiError) || !['usage', 'unknown', 'conflict'].includes(exitOf(error.status)))
          throw error;
        const faults = Array.isArray(error.details) ? error.details : [{ path: '', message: error.message }];
        for (const fault of faults) file.addBudgetFault(provider, fault);
        return [];
      }
    },
  });
  return plans.flat();
}

export async function putProvider(api: Api, { provider, entry, version }: BudgetPlan, query: { dryRun?: 'true' } = {}) {
  const params = { path: { id: provider }, query: { version, ...query } };
  answerOf(await api.PUT('/api/ehr/providers/{id}', { params, body: { ...entry } }));
}

export function listConnections(api: Api) {
  return readPages(async (query) => answerOf(await api.GET('/api/ehr/connections', { params: { query } })));
}

/** Reads a list to its end. */
export async function readPages<Row>(
  read: (query: {
    readonly limit: number;
    readonly cursor?: string;
  }) => Promise<{ readonly data: readonly Row[]; readonly next?: string }>,
): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const { data, next } = await read(given({ limit: 1000, cursor }));
    for (const row of data) rows.push(row);
    cursor = next;
  } while (cursor !== undefined);
  return rows;
}
