import type { Bench } from '../bench.ts';
import { alternate, compare, perCpuSecond, perSecond, singleRow } from '../compare.ts';
import { heapLimit, peakMegabytes } from '../systems/process-use.ts';
import { newDatabase, type Probe, startWorkerProbe } from '../systems/start-worker-probe.ts';

/** Nothing is requested from an EHR. */
const origin = 'http://127.0.0.1:9';
const observationsOf = { short: 20_000, usual: 100_000, full: 1_000_000 } as const;
const inMemory = 10_000;
/** So that the measurement takes some tenths of a second. */
const passes = 20;

export const tables: Bench = {
  name: 'tables',
  about:
    'Observations of the store as a Parquet file (--full: 1 million); floor: the bare cursor of the driver. The engine; floor: compiled fhirpath',
  minutes: 3,
  async run(context) {
    await using started = new AsyncDisposableStack();
    const database = newDatabase();
    const start = async (nodeArgs: readonly string[] = []): Promise<Probe> =>
      started.use(await startWorkerProbe(context, { entry: 'tables', origin, database, nodeArgs }));
    const count = observationsOf[context.size];
    context.print(`storing ${count} Observations`);
    await (await start()).measure('fill', count);
    // Each in its own process: a floor must not pay for the garbage of its subject.
    const [cursor, table, engine, fhirpath] = [await start(), await start(heapLimit), await start(), await start()];
    const read = await alternate({
      context,
      subject: () => table.measure('table', 'parquet'),
      floor: () => cursor.measure('cursor'),
    });
    const computed = await alternate({
      context,
      subject: () => engine.measure('engine', { count: inMemory, passes }),
      floor: () => fhirpath.measure('fhirpath', inMemory),
    });
    return [
      compare({
        name: 'tables, Parquet',
        measured: read,
        read: perSecond,
        unit: 'resources/s',
        goal: { of: 'ratio', atLeast: 0.75 },
      }),
      singleRow({
        name: 'tables, memory',
        value: peakMegabytes(table.pid),
        unit: 'MB',
        goal: { of: 'value', atMost: 220 },
      }),
      compare({
        name: 'tables, engine',
        measured: computed,
        read: perCpuSecond,
        unit: 'resources/CPU s',
        goal: { of: 'ratio', atLeast: 6 },
      }),
    ];
  },
};
