import { answerOf, type components } from '@bulkhead/client';
import { given } from '../command.ts';
import type { Context } from '../context.ts';
import { inParallel } from '../in-parallel.ts';
import type { ConnectionsFile, FileEntry } from './read-connections-file.ts';

type Api = Context['api'];

/** How a connection differs from its entry. */
export interface EntryPlan {
  readonly entry: FileEntry;
  readonly plan: components['schemas']['ConnectionPlan'];
}

export interface FilePlan {
  readonly entries: readonly EntryPlan[];
  /** The names of stored connections that the file does not have. */
  readonly others: readonly string[];
}

/** The API takes a hundred entries and 1 MB. */
const maxBatch = { entries: 100, bytes: 950_000 };
/** More would wait for each other in the API, which is one process. */
const parallelPlans = 4;

/** Compares a file with what is stored. Mistakes that the API finds are added to the file. Nothing is changed. */
export async function planFile(api: Api, file: ConnectionsFile): Promise<FilePlan> {
  const batches = toBatches(file);
  const planned = await inParallel(batches, { limit: parallelPlans, run: (batch) => planEntries(api, batch) });
  const entries = planned.flat();
  for (const { entry, plan } of entries) for (const fault of plan.faults) file.addFault(entry.name, fault);
  addDoubles(entries, file);
  return { entries, others: await listOthers(api, entries) };
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
