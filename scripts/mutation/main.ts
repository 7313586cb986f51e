// usage: pnpm mutation [--module NAME] [--file TEXT] [--again REPORT] [--json]
// Changes the sources of the modules that decide about data, one small change at a time, and prints the changes that no
// test detects. It is not part of `npm test`, because it takes an hour or more. See README.md.
import { readFile } from 'node:fs/promises';
import { startServices } from '@bulkhead/embedded';
import { onInterrupt, runProgram } from '../command-line.ts';
import { createSteps } from '../steps/steps.ts';
import { readOptions } from './options.ts';
import { type ModuleReport, renderReport, toReport } from './report.ts';
import { runModule } from './run-module.ts';

await runProgram(main);

async function main(args: readonly string[]): Promise<number> {
  const { modules, file, again: reportFile, json } = readOptions(args);
  const survivors = reportFile === undefined ? undefined : await readSurvivors(reportFile);
  const interrupted = new AbortController();
  onInterrupt(() => interrupted.abort());
  const steps = createSteps({ stream: json ? process.stderr : process.stdout });
  const services = await startServices({ ephemeral: true, report: steps.report });
  const env = { ...process.env, REDIS_URL: services.redis.url, MONGODB_URI: services.mongodb.url };
  try {
    const reports: ModuleReport[] = [];
    for (const module of modules) {
      if (interrupted.signal.aborted) break;
      const report = await steps.run(module.name, async (progress) => {
        const { verdicts, total } = await runModule({
          module,
          file,
          again: survivors,
          env,
          signal: interrupted.signal,
          progress,
        });
        const value = toReport({ module: module.name, verdicts, total });
        return { text: `${value.killed} of ${value.mutants} killed`, value };
      });
      reports.push(report);
    }
    console.log(json ? JSON.stringify(reports) : reports.map(renderReport).join('\n'));
    return 0;
  } finally {
    await services.stop();
  }
}

async function readSurvivors(file: string): Promise<ReadonlySet<string>> {
  const reports = JSON.parse(await readFile(file, 'utf8')) as readonly ModuleReport[];
  return new Set(reports.flatMap(({ survivors }) => survivors));
}
