// usage: pnpm copies [--rounds N] [--seed S]
// Kills the copier of examples/postgresql, PostgreSQL, MongoDB, Redis, the API and the workers at random, erases patients, changes a resource all
// the time, and compares that copy and one by exports of the store. Exit 1 if they differ.
import { parseCommandLine, readSeed, readWholeNumber, runProgram } from '../command-line.ts';
import { whyNoPostgresql } from './postgresql.ts';
import { runCopies } from './run-copies.ts';

const usage = `usage: pnpm copies [--rounds N] [--seed S]
  --rounds N  how many rounds (default 20)
  --seed S    of the first round (default: a new one, which is printed)`;

await runProgram(main);

async function main(args: readonly string[]): Promise<number> {
  const missing = whyNoPostgresql();
  if (missing !== undefined) throw new Error(`${missing}.`);
  const text = { type: 'string' } as const;
  const { values } = parseCommandLine({ args: [...args], options: { rounds: text, seed: text } }, usage);
  const rounds = readWholeNumber({ usage, name: 'rounds', text: values.rounds ?? '20', min: 1, max: 10_000 });
  const seed = readSeed({ usage, text: values.seed });
  let differing = 0;
  for await (const round of runCopies({ rounds, seed, signal: new AbortController().signal })) {
    console.log(JSON.stringify({ ...round, differences: round.differences.slice(0, 20) }));
    differing += Math.sign(round.differences.length);
  }
  console.log(`${differing} of ${rounds} rounds have differences`);
  return Math.sign(differing);
}
