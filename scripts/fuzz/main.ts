// usage: pnpm fuzz [--requests N] [--seed S] [--json]
// Generated requests to every route of the API of a system of its own. Exit 1 where an answer was a server error or other
// than the API's document says.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSteps } from '../start/steps.ts';
import { type FuzzOptions, readOptions } from './options.ts';
import { runFuzz } from './run-fuzz.ts';
import { startFuzzSystem } from './start-fuzz-system.ts';

try {
  process.exit(await main(readOptions(process.argv.slice(2))));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

async function main({ requests, seed, json }: FuzzOptions): Promise<number> {
  // With --json, what is not the result goes where people look and programs do not.
  const steps = createSteps({ stream: json ? process.stderr : process.stdout });
  steps.say(`seed ${seed}`);
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-fuzz-'));
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort());
  const system = await startFuzzSystem({ folder, patients: 20, report: steps.report });
  try {
    const { baseUrl, apiKey: operatorKey, connectionId, store } = system;
    const clientKey = await store.apiKeys.create({ name: 'fuzz', role: 'client', now: new Date() });
    const target = { baseUrl, operatorKey, clientKey, connectionId };
    const summary = await runFuzz({ target, requests, seed, signal: interrupted.signal });
    console.log(JSON.stringify(summary, null, json ? 0 : 2));
    return summary.serverErrors + summary.undocumented === 0 ? 0 : 1;
  } finally {
    await system.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
