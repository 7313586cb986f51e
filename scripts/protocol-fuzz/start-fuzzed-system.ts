import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StepReport } from '@bulkhead/embedded';
import { MongoClient } from 'mongodb';
import { waitForHttp } from '../system/wait-for-http.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';
import { type FastClock, readFastClock } from './fast-clock.ts';
import { WorkerStopper } from './history/stop-workers.ts';
import { HostileServer } from './server/hostile-server.ts';

/** A provider with its own server, so that the pauses and tokens of one round do not affect another round. */
export interface Slot {
  /** The provider's id in the API's routes. */
  readonly provider: string;
  readonly server: HostileServer;
}

export type FuzzedSystem = Awaited<ReturnType<typeof startFuzzedSystem>>;

/**
 * The waits of a file that fails ten times take two minutes instead of 43. A higher rate would fail: processes renew
 * leases of 15 s, and a busy machine may stop a process for half a second.
 */
const rate = 20;
/**
 * On the fast clock, a quarter of a second and a second. With shorter intervals, the workers spend most of their CPU
 * time on sweeps and polls that find nothing.
 */
const intervals = { WORKER_POLL_INTERVAL_MS: '5000', WORKER_SWEEP_INTERVAL_MS: '20000' };

/**
 * Starts the API, two workers, Redis and MongoDB as real processes on a fast clock, with hostile servers as their
 * providers.
 */
export async function startFuzzedSystem(options: {
  readonly folder: string;
  readonly slots: number;
  readonly report: (step: StepReport) => void;
}) {
  const { folder, report } = options;
  let clock: FastClock | undefined;
  /** The clock of the API, the workers and the hostile servers. */
  const now = () => readFastClock(clock, Date.now());
  const servers = Array.from({ length: options.slots }, () => new HostileServer({ now }));
  await Promise.all(servers.map((server) => server.start()));
  const slots = servers.map((server, index) => ({ provider: `hostile-${index}`, server }));
  const providersFile = join(folder, 'providers.json');
  writeFileSync(providersFile, JSON.stringify(slots.map(toProvider)));
  const clockFile = join(folder, 'fast-clock.json');
  const stopServers = () => Promise.all(servers.map((server) => server.stop()));
  try {
    const system = await startTestSystem({
      folder,
      report,
      seed: 1,
      // Its simulated athenahealth is not used.
      patients: 5,
      clock: { preload: join(import.meta.dirname, 'fast-clock.preload.ts'), env: { FAST_CLOCK_FILE: clockFile } },
      env: { BULKHEAD_PROVIDERS_FILE: providersFile, ...intervals },
    });
    clock = { originMs: Date.now(), rate };
    writeFileSync(clockFile, JSON.stringify(clock));
    for (const child of [system.api, ...system.workers]) child.signal('SIGUSR2');
    const { store, baseUrl, apiKey, workers } = system;
    const client = await MongoClient.connect(system.mongodb.url);
    return {
      store,
      baseUrl,
      apiKey,
      slots,
      now,
      /** Not through the store, so that nothing is left out. */
      database: client.db(),
      stopper: new WorkerStopper({ workers, clock: { file: clockFile, value: clock } }),
      /** The ids of all connections and patients that were erased for good. */
      erased: new Set<string>(),
      async untilWorkersRun() {
        for (const { url, name } of workers) await waitForHttp({ url: `${url}/health`, what: name });
      },
      async stop() {
        await client.close();
        await system.stop();
        await stopServers();
      },
    };
  } catch (error) {
    await stopServers();
    throw error;
  }
}

function toProvider({ provider, server: { url } }: Slot): object {
  return {
    id: provider,
    name: `A hostile server (${provider})`,
    environments: { main: { fhirEndpoint: url, tokenEndpoint: `${url}/token` } },
    defaultEnvironment: 'main',
    defaultScope: 'system/*.read',
    clientId: 'client',
    clientSecret: 'secret',
  };
}
