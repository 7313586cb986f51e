import { randomBytes } from 'node:crypto';
import { cpus } from 'node:os';
import type { Bench, BenchRow } from '../bench.ts';
import { watchCores } from '../busy-cores.ts';
import { perSecond } from '../compare.ts';
import { makeData } from '../make-data.ts';
import { median } from '../median.ts';
import type { Measurement, Probe } from '../probe.ts';
import { serveFiles } from '../serve-files.ts';
import { splitFiles } from '../split-files.ts';
import { startWorkerProbe } from '../start-worker-probe.ts';

const files = 8;
/** Ten Observations a patient. */
const linesPerFile = 2500;
const counts = [1, 2, 4] as const;

interface Run {
  readonly measured: Measurement;
  readonly cores: number;
}

export const parallel: Bench = {
  name: 'parallel',
  about: 'one export of 8 large files by 1, 2 and 4 workers, databases included; floor: 1 worker',
  minutes: 4,
  async run(context) {
    const { redisUrl, mongodbUrl, folder, runs, say } = context;
    const data = await makeData({ folder, patients: (files * linesPerFile) / 10 });
    const observations = data.filter(({ type }) => type === 'Observation');
    const server = await serveFiles(splitFiles({ files: observations, lines: linesPerFile }));
    const once = async (workers: number): Promise<Run> => {
      const database = `parallel-${randomBytes(4).toString('hex')}`;
      const shared = { entry: 'worker', redisUrl, mongodbUrl, database, origin: server.origin };
      const probes: Probe[] = [];
      for (let index = 0; index <= workers; index++) probes.push(await startWorkerProbe(shared));
      const [orderer, ...others] = probes as [Probe, ...Probe[]];
      try {
        for (const worker of others) await worker.measure('work', ['file-download']);
        const cores = watchCores();
        const measured = await orderer.measure('export', server.files);
        return { measured, cores: cores() };
      } finally {
        await Promise.all(probes.map((probe) => probe.stop()));
      }
    };
    const measured = new Map<number, Run[]>(counts.map((workers) => [workers, []]));
    try {
      for (let run = 1; run <= runs; run++) {
        for (const workers of counts) {
          say(`run ${run} of ${runs}, ${workers} workers`);
          measured.get(workers)?.push(await once(workers));
        }
      }
    } finally {
      await server.stop();
    }
    return counts.flatMap((workers) =>
      toRows({ workers, runs: measured.get(workers) ?? [], alone: measured.get(1) ?? [] }),
    );
  },
};

function toRows(options: { readonly workers: number; readonly runs: readonly Run[]; readonly alone: readonly Run[] }) {
  const { workers, runs, alone } = options;
  const name = `parallel, ${workers} ${workers === 1 ? 'worker' : 'workers'}`;
  const compared = runs.map(({ measured }, turn) => ({
    value: perSecond(measured),
    floor: perSecond((alone[turn] as Run).measured),
  }));
  const cores = runs.map(({ cores: value }) => ({ value }));
  const bound = Math.min(workers, cpus().length) * 0.85;
  const rate: BenchRow = {
    ...{ name, unit: 'resources/s', runs: compared },
    goal: workers === 1 ? { of: 'ratio' } : { of: 'ratio', atLeast: bound },
    value: median(compared.map(({ value }) => value)),
    floor: median(compared.map(({ floor }) => floor)),
    ratio: median(compared.map(({ value, floor }) => value / floor)),
  };
  const busy: BenchRow = {
    ...{ name: `${name}: cores busy`, unit: `of ${cpus().length}`, goal: { of: 'value' }, runs: cores },
    value: median(cores.map(({ value }) => value)),
  };
  return [rate, busy];
}
