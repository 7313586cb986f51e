import { parseCommandLine, readSeed, readWholeNumber } from '../command-line.ts';

/** The kinds of rounds. */
const roundKinds = ['protocol', 'history', 'members'] as const;
export type RoundKind = (typeof roundKinds)[number];

export type ProtocolFuzzOptions = ReturnType<typeof readOptions>;

const usage = `usage: pnpm protocol-fuzz [--rounds N] [--seed S] [--kind K] [--json]
  --rounds N  how many to run (default 100)
  --seed S    the same seed makes the same rounds (default: a new one, which is printed)
  --kind K    protocol: what a server may answer; history: what happens at the EHR and to the processes;
              members: who is in a Group (default: the first two, one after the other)
  --json      print the result as JSON and nothing else`;

/** @throws Error that names the invalid option and shows the usage */
export function readOptions(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = { rounds: text, seed: text, kind: text, json: { type: 'boolean' } } as const;
  const { values } = parseCommandLine({ args: [...args], options }, usage);
  return {
    rounds: readWholeNumber({ usage, name: 'rounds', text: values.rounds ?? '100', min: 1, max: 100_000 }),
    seed: readSeed({ usage, text: values.seed }),
    kind: readKind(values.kind),
    json: values.json === true,
  };
}

function readKind(text: string | undefined): RoundKind | undefined {
  const kind = roundKinds.find((name) => name === text);
  if (text === undefined || kind !== undefined) return kind;
  throw new Error(`--kind must be ${roundKinds.join(', ')}, not ${JSON.stringify(text)}\n${usage}`);
}
