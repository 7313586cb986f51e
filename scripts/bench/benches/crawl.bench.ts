import { randomBytes } from 'node:crypto';
import type { Bench, BenchRow } from '../bench.ts';
import { startSimulator } from '../systems/start-simulator.ts';
import { startWorkerProbe } from '../systems/start-worker-probe.ts';

/** From the provider's registry entry: the number of ids in one search for the patients themselves. */
const patientsPerRequest = 50;

export const crawl: Bench = {
  name: 'crawl',
  about:
    'requests of an enhanced sync, first and nightly; floor: a search for each patient and type, as athenahealth requires',
  minutes: 2,
  async run({ redisUrl, mongodbUrl, folder, size, print }) {
    const patients = size === 'short' ? 20 : 200;
    const simulator = await startSimulator({ folder, env: { SIMULATOR_PATIENTS: String(patients) } });
    const database = `crawl-${randomBytes(4).toString('hex')}`;
    const { origin } = simulator;
    const worker = await startWorkerProbe({ entry: 'worker', redisUrl, mongodbUrl, database, origin });
    try {
      await worker.measure('work', ['sync']);
      const ids = await patientIds(origin);
      const requests = async () => (await simulator.control<{ requests: number }>('/stats')).requests;
      const rows: BenchRow[] = [];
      for (const night of ['first', 'nightly']) {
        print(`${night} sync`);
        const before = await requests();
        const { details } = await worker.measure('sync', ids);
        const value = (await requests()) - before;
        const { types = 0, furtherPages = 0 } = details;
        const floor = types * patients + Math.ceil(patients / patientsPerRequest) + furtherPages;
        rows.push({
          ...{ name: `crawl, ${night}`, value, floor, unit: 'requests', runs: [{ value, floor }] },
          ratio: value / floor,
          goal: { of: 'ratio', atMost: 1.1 },
        });
      }
      return rows;
    } finally {
      await worker.stop();
      await simulator.stop();
    }
  },
};

async function patientIds(origin: string): Promise<string[]> {
  const ndjson = await (await fetch(`${origin}/_sim/resources/Patient`)).text();
  return ndjson
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { id: string }).id);
}
