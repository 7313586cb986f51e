import { mkdtempSync, readFileSync } from 'node:fs';
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

/** The size of the simulator's generated data per patient, over all types. */
const bytesPerPatient = 61_000;
const tinyFiles = 1000;
const goalMegabytes = 170;

export const memory: Bench = {
  name: 'memory',
  about: 'peak RSS of a worker for exports of 10 MB and 1 GB (--full: 5 GB, half an hour), and of 1,000 tiny files',
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
    const fault = { kind: 'many-files', type: 'Patient', files: tinyFiles };
    const order = { match: { path: '/\\$export' }, fault };
    rows.push(peakRow(`memory, ${tinyFiles} files`, await peakOf({ context, patients: tinyFiles, order })));
    const [floor, value] = [peaks.get(1000), peaks.get(5000)];
    if (floor === undefined || value === undefined) return rows;
    const goal = { of: 'ratio', atMost: 1.1 } as const;
    return [...rows, singleRow({ name: 'memory, 5 GB of 1 GB', value, floor, ratio: value / floor, unit: 'MB', goal })];
  },
};

function peakRow(name: string, value: number): BenchRow {
  return singleRow({ name, value, unit: 'MB', goal: { of: 'value', atMost: goalMegabytes } });
}

/** Returns the larger peak of the two workers of `npm start`, in a separate system. */
async function peakOf(options: {
  readonly context: BenchContext;
  readonly patients: number;
  /** The fault for the simulator. */
  readonly order: object | undefined;
}): Promise<number> {
  const { context, patients, order } = options;
  const folder = mkdtempSync(join(context.folder, 'memory-'));
  const { state } = openState(folder);
  const start = { once: true, dev: false, patients, dataDir: undefined, port: 3000 };
  const quiet = createSteps({ stream: new Writable({ write: (_chunk, _encoding, done) => done() }) });
  const system = await startSystem({ folder, openState: () => state, start, steps: quiet, ephemeral: true });
  try {
    if (order) await createSimulatorControl({ baseUrl: system.simulatorUrl }).order(order);
    const apiKey = await system.store.apiKeys.create({ name: 'bench', role: 'operator', now: new Date() });
    const api = createApiClient({ baseUrl: system.baseUrl, apiKey });
    const body = { provider: 'athenahealth', practiceId: '195900', auth: { method: 'client_credentials' } };
    const { id: connectionId } = await api<{ id: string }>('POST', '/api/ehr/connections', body);
    const result = await runMainJob({ api, connectionId, since: undefined, progress: context.print });
    if (result.reason) throw new Error(result.reason);
    return Math.max(...system.workers.map(({ pid }) => peakMegabytes(pid)));
  } finally {
    await system.stop();
  }
}

/** Linux records the highest resident size of a process. */
function peakMegabytes(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1000);
}
