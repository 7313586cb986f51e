import { parseCommandLine, readSeed, readWholeNumber } from '../command-line.ts';

export type FuzzOptions = ReturnType<typeof readOptions>;

const usage = `usage: pnpm fuzz [--requests N] [--seed S] [--json]
  --requests N  send at least this many (default 10000)
  --seed S      the same seed generates the same requests (default: a new one, which is printed)
  --json        print the result as JSON and nothing else`;

/** @throws Error that names the invalid option and shows the usage */
export function readOptions(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = { requests: text, seed: text, json: { type: 'boolean' } } as const;
  const { values } = parseCommandLine({ args: [...args], options }, usage);
  return {
    requests: readWholeNumber({ usage, name: 'requests', text: values.requests ?? '10000', min: 1, max: 1_000_000 }),
    seed: readSeed({ usage, text: values.seed }),
    json: values.json === true,
  };
}
