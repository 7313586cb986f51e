// usage: pnpm protocol-fuzz [--rounds N] [--seed S] [--kind protocol|history|members] [--json]
// Runs exports and syncs at FHIR servers with allowed and forbidden behaviour: see docs/testing.md. Exit 1 if data are
// lost or wrong without a report, if erased data are stored, if the number of requests has no bound, or if something
// does not end.
import { inspect } from 'node:util';
import { runProgram } from '../command-line.ts';
import { makeProgramFolder } from '../program-folder.ts';
import { createSteps } from '../steps/steps.ts';
import { type ProtocolFuzzOptions, readOptions } from './options.ts';
import { type FailedRound, runRounds } from './run-rounds.ts';
import { startFuzzedSystem } from './start-fuzzed-system.ts';

/** Rounds wait most of the time, so this many keep two processors busy. */
const slots = 24;

await runProgram((args) => main(readOptions(args)));

async function main({ rounds, seed, kind, json }: ProtocolFuzzOptions): Promise<number> {
  const steps = createSteps({ stream: json ? process.stderr : process.stdout });
  steps.print(`seed ${seed}`);
  const { path: folder, keep } = makeProgramFolder('protocol-fuzz');
  const system = await startFuzzedSystem({ folder, slots: Math.min(slots, rounds), report: steps.report });
  let isClean = false;
  try {
    const summary = await runRounds({
      system,
      rounds,
      seed,
      kind,
      onFailure: (failed) => steps.print(describe(failed)),
      onLate: (traces) => steps.print(`erased, but stored again later: ${traces.slice(0, 20).join(', ')}`),
      onProgress: (done) => {
        if (done % 50 === 0) steps.print(`${done} of ${rounds} rounds`);
      },
    });
    isClean = summary.silent + summary.unbounded + summary.stuck + summary.erased === 0;
    console.log(JSON.stringify(summary));
    return isClean ? 0 : 1;
  } finally {
    await system.stop();
    if (!isClean) {
      keep();
      steps.print(`the logs of the processes and the data are kept in ${folder}`);
    }
  }
}

function describe({ seed, kind, findings, smallest, smallestFindings }: FailedRound): string {
  const list = (findings: FailedRound['findings']) => findings.map(({ kind, text }) => `  ${kind}: ${text}`).join('\n');
  return [
    `seed ${seed} has findings (to run it alone: --rounds 1 --seed ${seed} --kind ${kind}):`,
    list(findings),
    'the smallest round that still has one:',
    list(smallestFindings),
    inspect(smallest, { depth: 9, breakLength: 130 }),
  ].join('\n');
}
