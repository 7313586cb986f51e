import { parseArgs } from 'node:util';
import { type ChaosKind, chaosKinds, isChaosKind } from './actions/chaos-kinds.ts';

export interface ChaosOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Only the final object, for programs. */
  readonly json: boolean;
  readonly outageSeconds: number;
  readonly kinds: readonly ChaosKind[];
  readonly patients: number;
}

/** 100 patients are 3,200 resources: an export of some seconds, in which there is something to hit. */
const defaults = { rounds: '20', outageSeconds: '120', patients: '100' };

const usage = `usage: pnpm chaos [--rounds N] [--seed S] [--json] [--outage-seconds N] [--kinds a,b] [--patients N]
  --rounds N          exports to disturb (default ${defaults.rounds})
  --seed S            the same seed makes the same choices (default: a new one, which is printed)
  --json              print the result as JSON and nothing else
  --outage-seconds N  how long a lasting outage lasts (default ${defaults.outageSeconds})
  --kinds a,b         some of ${chaosKinds.join(', ')}
  --patients N        size of the simulated practice (default ${defaults.patients})`;

/** @throws Error with what is wrong and the usage. */
export function readOptions(args: readonly string[]): ChaosOptions {
  const values = parse(args);
  const seed = values.seed ?? String(Math.floor(Math.random() * maxSeed));
  return {
    rounds: wholeNumber({ name: 'rounds', text: values.rounds ?? defaults.rounds, min: 1, max: 100_000 }),
    seed: wholeNumber({ name: 'seed', text: seed, min: 0, max: maxSeed }),
    json: values.json === true,
    outageSeconds: wholeNumber({
      name: 'outage-seconds',
      text: values['outage-seconds'] ?? defaults.outageSeconds,
      min: 1,
      max: 3600,
    }),
    kinds: readKinds(values.kinds),
    patients: wholeNumber({ name: 'patients', text: values.patients ?? defaults.patients, min: 5, max: 10_000 }),
  };
}

/** The generator's state has 32 bits. */
const maxSeed = 2 ** 32 - 1;

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    const options = { rounds: text, seed: text, 'outage-seconds': text, kinds: text, patients: text } as const;
    return parseArgs({ args: [...args], options: { ...options, json: { type: 'boolean' } } }).values;
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${usage}`);
  }
}

function wholeNumber({ name, text, min, max }: { name: string; text: string; min: number; max: number }): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`--${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}\n${usage}`);
}

function readKinds(text: string | undefined): readonly ChaosKind[] {
  if (text === undefined) return chaosKinds;
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !isChaosKind(name));
  if (unknown.length > 0) throw new Error(`--kinds: there is no ${unknown.join(', ')}\n${usage}`);
  return names.filter(isChaosKind);
}
