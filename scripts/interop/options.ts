import { parseCommandLine, readWholeNumber } from '../command-line.ts';
import { maxSeed } from '../random.ts';

export type InteropOptions = ReturnType<typeof readOptions>;

/**
 * Draws every prefix and form of a parameter once for each type: 2,400 searches. More take longer on all data, because
 * HAPI answers in pages of 50.
 */
const defaultSearches = 1;

const usage = `usage: pnpm interop [--json] [--patients N] [--types A,B] [--per-type N] [--searches N] [--seed N]
  --json        print the result as JSON and nothing else
  --patients N  load the first patients and what is about them (default: all)
  --types A,B   load these types and Patient (default: all)
  --per-type N  load at most so many of each type (default: all)
  --searches N  draw so many searches of each kind for each type (default: ${defaultSearches})
  --seed N      draw other searches (default: 1)`;

/** @throws Error that names the invalid option and shows the usage */
export function readOptions(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    patients: text,
    types: text,
    'per-type': text,
    searches: text,
    seed: text,
    json: { type: 'boolean' },
  } as const;
  const { values } = parseCommandLine({ args: [...args], options }, usage);
  const count = (name: 'patients' | 'per-type' | 'searches' | 'seed', max = 1_000_000) => {
    const value = values[name];
    return value === undefined ? undefined : readWholeNumber({ usage, name, text: value, min: 1, max });
  };
  const types = values.types?.split(',').map((type) => type.trim());
  return {
    json: values.json === true,
    part: { patients: count('patients'), types, perType: count('per-type') },
    searches: { perKind: count('searches') ?? defaultSearches, seed: count('seed', maxSeed) ?? 1 },
  };
}
