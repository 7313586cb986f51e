// usage: pnpm bench:memory [--megabytes N]
// Peak memory of a worker while one export of N MB (default 1000) is stored: the figure must not depend on N.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createApiClient } from '../start/api-client.ts';
import { openState } from '../start/kept-state.ts';
import { runMainJob } from '../start/main-job.ts';
import { createSteps } from '../start/steps.ts';
import { startSystem } from '../start/system.ts';

/** What the simulator's generator gives per patient, over all types. */
const bytesPerPatient = 61_000;
const goalMegabytes = 200;

const { values } = parseArgs({ options: { megabytes: { type: 'string', default: '1000' } } });
const patients = Math.ceil((Number(values.megabytes) * 1_000_000) / bytesPerPatient);
const folder = mkdtempSync(join(tmpdir(), 'bulkhead-memory-'));
const steps = createSteps({ stream: process.stdout });
const { state } = openState(folder);
const start = { once: true, patients, dataDir: undefined, port: 3000 };
const system = await startSystem({ folder, state, start, steps, ephemeral: true });
try {
  const apiKey = await system.store.apiKeys.create({ name: 'bench', role: 'operator', now: new Date() });
  const api = createApiClient({ baseUrl: system.baseUrl, apiKey });
  const auth = { method: 'client_credentials' };
  const body = { provider: 'athenahealth', practiceId: '195900', auth };
  const { id: connectionId } = await api<{ id: string }>('POST', '/api/ehr/connections', body);
  const startedAt = performance.now();
  const result = await steps.run('bulk export', async (progress) => {
    const value = await runMainJob({ api, connectionId, since: undefined, progress });
    return { text: `${value.stored} of ${value.promised} resources`, value };
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const peaks = system.workers.map(({ pid }) => peakMegabytes(pid));
  const met = Math.max(...peaks) <= goalMegabytes;
  steps.say(`resources  ${result.stored} in ${seconds.toFixed(0)} s (${Math.round(result.stored / seconds)}/s)`);
  steps.say(
    `peak RSS   ${peaks.map((peak) => `${peak} MB`).join(', ')} (goal ${goalMegabytes} MB: ${met ? 'met' : 'missed'})`,
  );
} finally {
  await system.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

/** Linux keeps a process's highest resident size. */
function peakMegabytes(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1000);
}
