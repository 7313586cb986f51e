import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { createSimulatorControl } from '@bulkhead/embedded/simulator-control';
import { runMainJob } from '../../start/main-job.ts';
import { createSteps } from '../../steps/steps.ts';
import { createApiClient } from '../../system/api-client.ts';
import { openState } from '../../system/kept-state.ts';
import { startSystem } from '../../system/system.ts';
import type { Bench, BenchContext, BenchRow } from '../bench.ts';
import { singleRow } from '../compare.ts';
import { peakMegabytes } from '../systems/process-use.ts';

/** The size of the simulator's generated data per patient, over all types. */
const bytesPerPatient = 61_000;
const tinyFiles = 1000;
const goalMegabytes = 170;
/** A tenth below the memory limit of the container (docker/kubernetes/base/worker/worker.yaml). */
const largeGoalMegabytes = 420;

export const memory: Bench = {
  name: 'memory',
  about:
    'peak RSS of a worker for exports of 10 MB and 1 GB (--full: 5 GB, half an hour), of 1,000 tiny files, and of lines of 14 MB',
  minutes: 9,
  async run(context) {
    const sizes = context.size === 'full' ? [10, 1000, 5000] : [10, 1000];
    const peaks = new Map<number, number>();
    const rows: BenchRow[] = [];
    for (const megabytes of sizes) {
      const patients = Math.ceil((megabytes * 1_000_000) / bytesPerPatient);
      const peak = await peakOf({ context, patients, order: undefined });
      peaks.set(megabytes, peak);
      rows.push(peakRow(`memory, ${megabytes} MB`, peak));
    }
    const order = inFiles('Patient', tinyFiles);
    rows.push(peakRow(`memory, ${tinyFiles} files`, await peakOf({ context, patients: tinyFiles, order })));
    const large = await peakOf({ context, patients: 1, order: inFiles('DocumentReference', 8), prepare: putDocuments });
    rows.push(peakRow('memory, lines of 14 MB', large, largeGoalMegabytes));
    const [floor, value] = [peaks.get(1000), peaks.get(5000)];
    if (floor === undefined || value === undefined) return rows;
    const goal = { of: 'ratio', atMost: 1.1 } as const;
    return [...rows, singleRow({ name: 'memory, 5 GB of 1 GB', value, floor, ratio: value / floor, unit: 'MB', goal })];
  },
};

function peakRow(name: string, value: number, atMost = goalMegabytes): BenchRow {
  return singleRow({ name, value, unit: 'MB', goal: { of: 'value', atMost } });
}

/** Splits the resources of a type into files. */
function inFiles(type: string, files: number): object {
  return { match: { path: '/\\$export' }, fault: { kind: 'many-files', type, files } };
}

/** Two PDFs of 10 MB for each download that two workers have at a time. */
async function putDocuments(control: ReturnType<typeof createSimulatorControl>): Promise<void> {
  const data = Buffer.alloc(10_500_000, 'pdf').toString('base64');
  for (let index = 0; index < 16; index++) {
    const id = `pdf-${index}`;
    const content = [{ attachment: { contentType: 'application/pdf', data } }];
    const resource = { resourceType: 'DocumentReference', id, status: 'current', content };
    await control.put(`DocumentReference/${id}`, JSON.stringify(resource));
  }
}

/** Returns the larger peak of the two workers of `npm start`, in a separate system. */
async function peakOf(options: {
  readonly context: BenchContext;
  readonly patients: number;
  /** The fault for the simulator. */
  readonly order: object | undefined;
  readonly prepare?: (control: ReturnType<typeof createSimulatorControl>) => Promise<void>;
}): Promise<number> {
  const { context, patients, order, prepare } = options;
  const folder = mkdtempSync(join(context.folder, 'memory-'));
  const { state } = openState(folder);
  const start = { once: true, dev: false, patients, dataDir: undefined, port: 3000 };
  const quiet = createSteps({ stream: new Writable({ write: (_chunk, _encoding, done) => done() }) });
  const system = await startSystem({ folder, openState: () => state, start, steps: quiet, ephemeral: true });
  try {
    const control = createSimulatorControl({ baseUrl: system.simulatorUrl });
    if (order) await control.order(order);
    await prepare?.(control);
    const apiKey = await system.store.apiKeys.create({ name: 'bench', role: 'operator', now: new Date() });
    const api = createApiClient({ baseUrl: system.baseUrl, apiKey });
    const body = {
      provider: 'athenahealth',
      practiceId: '195900',
      auth: { method: 'client_credentials', scopeVersion: 'v2' },
    };
    const { id: connectionId } = await api<{ id: string }>('POST', '/api/ehr/connections', body);
    const result = await runMainJob({ api, connectionId, since: undefined, progress: context.print });
    if (result.reason) throw new Error(result.reason);
    return Math.max(...system.workers.map(({ pid }) => peakMegabytes(pid)));
  } finally {
    await system.stop();
  }
}
