import { parseCommandLine, readSeed, readWholeNumber } from '../command-line.ts';

export type ProtocolFuzzOptions = ReturnType<typeof readOptions>;

const usage = `usage: pnpm protocol-fuzz [--rounds N] [--seed S] [--json]
  --rounds N  how many to run (default 100)
  --seed S    the same seed makes the same rounds (default: a new one, which is printed)
  --json      print the result as JSON and nothing else`;

/** @throws Error that names the invalid option and shows the usage */
export function readOptions(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = { rounds: text, seed: text, json: { type: 'boolean' } } as const;
  const { values } = parseCommandLine({ args: [...args], options }, usage);
  return {
    rounds: readWholeNumber({ usage, name: 'rounds', text: values.rounds ?? '100', min: 1, max: 100_000 }),
    seed: readSeed({ usage, text: values.seed }),
    json: values.json === true,
  };
}
