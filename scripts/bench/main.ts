// usage: pnpm bench [name ...] [--json] [--runs N] [--resources N] [--full] [--check [--write-baseline]]
// Measures the system against a floor in the same run. `docs/performance.md` has the results. Uses only the loopback
// interface.
import { startServices } from '@bulkhead/embedded';
import { runProgram } from '../command-line.ts';
import { makeProgramFolder } from '../program-folder.ts';
import { createSteps } from '../steps/steps.ts';
import { bundleApps } from '../system/builds.ts';
import { checkBaseline } from './baseline/check-baseline.ts';
import { type BenchContext, type BenchRow, isMet } from './bench.ts';
import { benches } from './benches.ts';
import { type BenchOptions, readOptions } from './options.ts';
import { formatRows } from './report/format-rows.ts';

await runProgram((args) => main(readOptions(args, benches)));

async function main(options: BenchOptions): Promise<number> {
  // With --json, standard output has only the result. Everything else goes to standard error.
  const steps = createSteps({ stream: options.json ? process.stderr : process.stdout });
  const { path: folder } = makeProgramFolder('bench');
  await bundleApps();
  const services = await startServices({ ephemeral: true, report: steps.report });
  const shared = { redisUrl: services.redis.url, mongodbUrl: services.mongodb.url, folder };
  try {
    const measure = async (bench: (typeof benches)[number], context: Partial<BenchContext> = {}) => {
      const size = options.isFull ? 'full' : 'usual';
      return steps.run(bench.name, async (progress) => {
        const value = await bench.run({
          ...shared,
          runs: options.runs,
          resources: options.resources,
          size,
          print: progress,
          ...context,
        });
        return { text: bench.about, value };
      });
    };
    if (options.check) return await checkBaseline({ measure, write: options.writeBaseline, print: steps.print });
    const rows: BenchRow[] = [];
    for (const bench of options.benches) rows.push(...(await measure(bench)));
    if (options.json) for (const row of rows) console.log(JSON.stringify({ ...row, met: isMet(row) }));
    else console.log(`\n${formatRows(rows)}`);
    return 0;
  } finally {
    await services.stop();
  }
}
