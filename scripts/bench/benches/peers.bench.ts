import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { createSimulatorControl } from '@bulkhead/embedded/simulator-control';
import type { ExportView } from '@bulkhead/imports/export/commands';
import { createSteps } from '../../steps/steps.ts';
import { createApiClient } from '../../system/api-client.ts';
import { openState } from '../../system/kept-state.ts';
import { type RunningSystem, startSystem } from '../../system/system.ts';
import type { Bench, BenchContext, BenchRow } from '../bench.ts';
import { medianRow, singleRow } from '../compare.ts';
import { cpuSeconds, peakMegabytes } from '../systems/process-use.ts';

/** The number of resources of the simulator's generated data per patient, over all types. */
const resourcesPerPatient = 31.5;
const usualResources = 20_000;
const provider = { provider: 'athenahealth', practiceId: '195900' };
/** The start of the downloads is seen this late. */
const lookMs = 50;

interface Import {
  readonly resources: number;
  /** From the end of the EHR's work to the last write. */
  readonly seconds: number;
  /** The CPU time of the client's processes, and of the database server, from the kick-off on. */
  readonly clientCpuSeconds: number;
  readonly engineCpuSeconds: number;
  readonly peakMegabytes: number;
}

/** The first import and the same unchanged data again, by both. */
interface Imports {
  readonly first: { readonly subject: Import; readonly floor: Import };
  readonly again: { readonly subject: Import; readonly floor: Import };
}

export const peers: Bench = {
  name: 'peers',
  about:
    'an import by a whole system; floor: the 40 lines that a user would write, without secondary indexes (--resources N)',
  minutes: 8,
  async run(context) {
    const runs: Imports[] = [];
    for (let run = 1; run <= context.runs; run++) {
      context.print(`run ${run} of ${context.runs}`);
      runs.push(await importByBoth(context));
    }
    return [
      ...rowsOf('peers', runs, ({ first }) => first),
      ...rowsOf('peers, unchanged data again', runs, ({ again }) => again),
      publishedRow('bulk-data-client to files: published', 4948, 'resources/s'),
      publishedRow('bulk_fhir_fetch to files: CPU, published', 0.027, 'CPU s/1,000'),
      publishedRow('bulk_fhir_fetch to files: memory, published', 63, 'MB'),
    ];
  },
};

/** A figure of another program, which was not measured in this run. See docs/performance.md. */
function publishedRow(name: string, value: number, unit: string): BenchRow {
  return singleRow({ name, value, unit, goal: { of: 'value' } });
}

function rowsOf(name: string, runs: readonly Imports[], pick: (imports: Imports) => Imports['first']): BenchRow[] {
  const row = (part: string, unit: string, read: (each: Import) => number, goal: BenchRow['goal']) =>
    medianRow({
      name: `${name}${part}`,
      unit,
      goal,
      runs: runs.map(pick).map(({ subject, floor }) => ({ value: read(subject), floor: read(floor) })),
    });
  const perThousand = (seconds: number, { resources }: Import) => (seconds / resources) * 1000;
  return [
    row('', 'resources/s', ({ resources, seconds }) => resources / seconds, { of: 'ratio', atLeast: 1 }),
    row(': client', 'CPU s/1,000', (each) => perThousand(each.clientCpuSeconds, each), { of: 'ratio' }),
    row(': engine', 'CPU s/1,000', (each) => perThousand(each.engineCpuSeconds, each), { of: 'ratio' }),
    row(': peak of the largest process', 'MB', (each) => each.peakMegabytes, { of: 'ratio', atMost: 1 }),
  ];
}

/** Both take turns on the same data and database server, so that other load affects both. */
async function importByBoth(context: BenchContext): Promise<Imports> {
  const folder = mkdtempSync(join(context.folder, 'peers-'));
  const { state } = openState(folder);
  const patients = Math.ceil((context.resources ?? usualResources) / resourcesPerPatient);
  const start = { once: true, dev: false, patients, dataDir: undefined, port: 3000 };
  const quiet = createSteps({ stream: new Writable({ write: (_chunk, _encoding, done) => done() }) });
  const system = await startSystem({ folder, openState: () => state, start, steps: quiet, ephemeral: true });
  try {
    const apiKey = await system.store.apiKeys.create({ name: 'bench', role: 'operator', now: new Date() });
    const api = createApiClient({ baseUrl: system.baseUrl, apiKey });
    const body = { ...provider, auth: { method: 'client_credentials', scopeVersion: 'v2' } };
    const { id: connectionId } = await api<{ id: string }>('POST', '/api/ehr/connections', body);
    const byBulkhead = () => withEngine(system, () => importByBulkhead({ system, api, connectionId }));
    const byFortyLines = () => withEngine(system, () => importByFortyLines(system));
    const firstFloor = await byFortyLines();
    const first = { subject: await byBulkhead(), floor: firstFloor };
    const againFloor = await byFortyLines();
    return { first, again: { subject: await byBulkhead(), floor: againFloor } };
  } finally {
    await system.stop();
  }
}

async function withEngine(
  { databasePid }: RunningSystem,
  run: () => Promise<Omit<Import, 'engineCpuSeconds'>>,
): Promise<Import> {
  const pid = databasePid();
  const before = cpuSeconds(pid);
  const result = await run();
  return { ...result, engineCpuSeconds: cpuSeconds(pid) - before };
}

async function importByBulkhead(options: {
  readonly system: RunningSystem;
  readonly api: ReturnType<typeof createApiClient>;
  readonly connectionId: string;
}): Promise<Omit<Import, 'engineCpuSeconds'>> {
  const { system, api, connectionId } = options;
  const { apps, workers, store } = system;
  const readCpu = () => apps.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
  const cpuBefore = readCpu();
  const path = '/api/ehr/athenahealth/bulk-export';
  const { id } = await api<{ id: string }>('POST', path, { connectionId, exportType: 'Patient' });
  const until = async (isReached: (phase: string) => boolean) => {
    while (!isReached((await store.bulkExports.find(id))?.phase ?? '')) await delay(lookMs);
  };
  const ended = ['completed', 'failed'];
  await until((phase) => ['downloading', ...ended].includes(phase));
  const startedAt = performance.now();
  await until((phase) => ended.includes(phase));
  const seconds = (performance.now() - startedAt) / 1000;
  const { counts, errorMessage } = await api<ExportView>('GET', `${path}/${id}`);
  if (errorMessage !== undefined) throw new Error(errorMessage);
  return {
    resources: counts.promised,
    seconds,
    clientCpuSeconds: readCpu() - cpuBefore,
    peakMegabytes: Math.max(...workers.map(({ pid }) => peakMegabytes(pid))),
  };
}

async function importByFortyLines({ env, simulatorUrl }: RunningSystem): Promise<Omit<Import, 'engineCpuSeconds'>> {
  const counts = await createSimulatorControl({ baseUrl: simulatorUrl }).types();
  const child = fork(join(import.meta.dirname, '../systems/forty-lines.mjs'), {
    env: {
      PATH: process.env.PATH,
      FHIR_ENDPOINT: `${simulatorUrl}/fhir/r4`,
      TOKEN_URL: `${simulatorUrl}/oauth2/v1/token`,
      CLIENT_ID: env.ATHENAHEALTH_CLIENT_ID,
      CLIENT_SECRET: env.ATHENAHEALTH_CLIENT_SECRET,
      SCOPE: Object.keys(counts)
        .map((type) => `system/${type}.rs`)
        .join(' '),
      MONGODB_URI: env.MONGODB_URI,
      DATABASE: 'forty_lines',
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the 40 lines ended with ${code}`)));
  ended.catch(() => undefined);
  const [result] = await Promise.race([once(child, 'message'), ended]);
  return result as Omit<Import, 'engineCpuSeconds'>;
}
