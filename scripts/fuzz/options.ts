import { parseArgs } from 'node:util';

export interface FuzzOptions {
  readonly requests: number;
  readonly seed: number;
  /** Only the final object, for programs. */
  readonly json: boolean;
}

const usage = `usage: pnpm fuzz [--requests N] [--seed S] [--json]
  --requests N  how many to send (default 10000)
  --seed S      the same seed makes the same requests (default: a new one, which is printed)
  --json        print the result as JSON and nothing else`;

/** The generator's state has 32 bits. */
const maxSeed = 2 ** 32 - 1;

/** @throws Error with what is wrong and the usage. */
export function readOptions(args: readonly string[]): FuzzOptions {
  const values = parse(args);
  const seed = values.seed ?? String(Math.floor(Math.random() * maxSeed));
  return {
    requests: wholeNumber({ name: 'requests', text: values.requests ?? '10000', min: 1, max: 1_000_000 }),
    seed: wholeNumber({ name: 'seed', text: seed, min: 0, max: maxSeed }),
    json: values.json === true,
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({ args: [...args], options: { requests: text, seed: text, json: { type: 'boolean' } } }).values;
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${usage}`);
  }
}

function wholeNumber({ name, text, min, max }: { name: string; text: string; min: number; max: number }): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`--${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}\n${usage}`);
}
