// usage: pnpm chaos [--rounds N] [--seed S] [--json] [--outage-seconds N] [--kinds a,b] [--patients N]
// Runs exports and injects one fault into each at a random moment: servers and processes are killed, frozen, emptied or
// run out of disk. In every case all served data must be stored once, and every loss must be reported. Exit 1 if that
// does not hold.
import { runProgram } from '../command-line.ts';
import { makeProgramFolder } from '../program-folder.ts';
import { createSteps } from '../steps/steps.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';
import { type ChaosOptions, readOptions } from './options.ts';
import { isClean } from './report/summarize.ts';
import { runRounds } from './run-rounds.ts';

await runProgram((args) => main(readOptions(args)));

async function main(options: ChaosOptions): Promise<number> {
  const { json, seed, patients } = options;
  // With --json, standard output has only the result. Everything else goes to standard error.
  const steps = createSteps({ stream: json ? process.stderr : process.stdout });
  steps.print(`seed ${seed}`);
  const { path: folder, keep } = makeProgramFolder('chaos');
  const system = await startTestSystem({ folder, patients, seed, report: steps.report });
  let clean = false;
  try {
    const summary = await runRounds({ system, options, print: steps.print });
    clean = isClean(summary);
    console.log(JSON.stringify(summary, null, json ? 0 : 2));
    return clean ? 0 : 1;
  } finally {
    await system.stop();
    if (!clean) {
      keep();
      steps.print(`the logs of the processes and the data are kept in ${folder}`);
    }
  }
}
