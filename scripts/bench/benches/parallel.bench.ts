import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import type { Bench, BenchContext, BenchRow } from '../bench.ts';
import { medianRow } from '../compare.ts';
import { median } from '../report/median.ts';
import { watchCores } from '../systems/busy-cores.ts';
import { makeData, splitFiles } from '../systems/make-data.ts';
import { type FileServer, serveFiles } from '../systems/serve-files.ts';
import { type Measurement, newDatabase, type Probe, startWorkerProbe } from '../systems/start-worker-probe.ts';

const files = 8;
/** Ten Observations per patient. */
const linesPerFile = 2500;
const counts = [1, 2, 4] as const;
/** Without a database, more processes than cores cannot be faster. */
const countsWithout = [1, 2] as const;

interface Run {
  readonly measured: Pick<Measurement, 'units' | 'seconds'>;
  readonly cores: number;
}

type Measure = (options: {
  readonly workers: number;
  readonly context: BenchContext;
  readonly server: FileServer;
}) => Promise<Run>;

export const parallel: Bench = {
  name: 'parallel',
  about:
    'one export of 8 large files by 1, 2 and 4 workers, databases included, and without one with a core for each; floor: 1 worker',
  minutes: 5,
  async run(context) {
    const data = await makeData(context.folder, (files * linesPerFile) / 10);
    const observations = data.filter(({ type }) => type === 'Observation');
    await using server = await serveFiles(splitFiles(observations, linesPerFile));
    return [
      ...(await measureAlternately({ name: 'parallel', counts, measure: exportBy, context, server })),
      ...(await measureAlternately({
        name: 'parallel, no database, a core each',
        counts: countsWithout,
        measure: parseBy,
        context,
        server,
      })),
    ];
  },
};

async function measureAlternately(options: {
  readonly name: string;
  readonly counts: readonly number[];
  readonly measure: Measure;
  readonly context: BenchContext;
  readonly server: FileServer;
}): Promise<BenchRow[]> {
  const { name, counts: workerCounts, measure, context, server } = options;
  const measured = new Map<number, Run[]>(workerCounts.map((workers) => [workers, []]));
  for (let run = 1; run <= context.runs; run++) {
    for (const workers of workerCounts) {
      context.print(`${name}, run ${run} of ${context.runs}, ${workers} workers`);
      measured.get(workers)?.push(await measure({ workers, context, server }));
    }
  }
  const alone = measured.get(1) ?? [];
  return workerCounts.flatMap((workers) => toRows({ name, workers, runs: measured.get(workers) ?? [], alone }));
}

/** Runs workers that share the jobs of an export. */
const exportBy: Measure = ({ workers, context, server }) =>
  // The additional process starts the export.
  withProbes({ entry: 'worker', count: workers + 1, context, server }, async ([orderer, ...others]) => {
    for (const worker of others) await worker.measure('work', ['file-download']);
    const cores = watchCores();
    const measured = await orderer.measure('export', server.files);
    return { measured, cores: cores() };
  });

/** Runs processes that each ingest all files and store nothing, each on a core of its own. */
const parseBy: Measure = ({ workers, context, server }) =>
  withProbes({ entry: 'ingest', count: workers, context, server }, async (probes) => {
    for (const [index, { pid }] of probes.entries()) keepOnCore(pid, index % cpus().length);
    // The first measurement also compiles the code.
    for (const probe of probes) await probe.measure('parse', server.files);
    const cores = watchCores();
    const all = await Promise.all(probes.map((probe) => probe.measure('parse', server.files)));
    const units = all.reduce((sum, share) => sum + share.units, 0);
    const seconds = Math.max(...all.map((share) => share.seconds));
    return { measured: { units, seconds }, cores: cores() };
  });

/** Moves all threads of a process to one core. Otherwise one process inflates and collects garbage on a second core. */
function keepOnCore(pid: number, core: number): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)], { stdio: 'ignore' });
}

async function withProbes<Result>(
  options: {
    readonly entry: string;
    readonly count: number;
    readonly context: BenchContext;
    readonly server: FileServer;
  },
  work: (probes: [Probe, ...Probe[]]) => Promise<Result>,
): Promise<Result> {
  const { entry, count, context, server } = options;
  const database = newDatabase();
  await using started = new AsyncDisposableStack();
  const probes: Probe[] = [];
  for (let index = 0; index < count; index++) {
    probes.push(started.use(await startWorkerProbe(context, { entry, database, origin: server.origin })));
  }
  return await work(probes as [Probe, ...Probe[]]);
}

function toRows(options: {
  readonly name: string;
  readonly workers: number;
  readonly runs: readonly Run[];
  readonly alone: readonly Run[];
}) {
  const { workers, runs, alone } = options;
  const name = `${options.name}, ${workers} ${workers === 1 ? 'worker' : 'workers'}`;
  const cores = runs.map(({ cores: value }) => ({ value }));
  const bound = Math.min(workers, cpus().length) * 0.85;
  const rate = medianRow({
    ...{ name, unit: 'resources/s' },
    goal: workers === 1 ? { of: 'ratio' } : { of: 'ratio', atLeast: bound },
    runs: runs.map((run, index) => ({ value: perSecond(run), floor: perSecond(alone[index] as Run) })),
  });
  const busy: BenchRow = {
    ...{ name: `${name}: cores busy`, unit: `of ${cpus().length}`, goal: { of: 'value' }, runs: cores },
    value: median(cores.map(({ value }) => value)),
  };
  return [rate, busy];
}

function perSecond({ measured: { units, seconds } }: Run): number {
  return units / seconds;
}
