import { parseCommandLine, readSeed, readWholeNumber } from '../command-line.ts';
import { type ChaosKind, chaosKinds, isChaosKind } from './actions/chaos-kinds.ts';

export type ChaosOptions = ReturnType<typeof readOptions>;

/** 100 patients have 3,200 resources, so an export takes some seconds, long enough for a fault. */
const defaults = { rounds: '20', 'outage-seconds': '120', patients: '100' };

const usage = `usage: pnpm chaos [--rounds N] [--seed S] [--json] [--outage-seconds N] [--kinds a,b] [--patients N]
  --rounds N          exports to disturb (default ${defaults.rounds})
  --seed S            the same seed makes the same choices (default: a new one, which is printed)
  --json              print the result as JSON and nothing else
  --outage-seconds N  how long a lasting outage lasts (default ${defaults['outage-seconds']})
  --kinds a,b         some of ${chaosKinds.join(', ')}
  --patients N        size of the simulated practice (default ${defaults.patients})`;

/** @throws Error that names the invalid option and shows the usage */
export function readOptions(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const texts = { rounds: text, seed: text, 'outage-seconds': text, kinds: text, patients: text };
  const options = { ...texts, json: { type: 'boolean' } } as const;
  const { values } = parseCommandLine({ args: [...args], options }, usage);
  const count = (name: keyof typeof defaults, range: { readonly min: number; readonly max: number }) =>
    readWholeNumber({ usage, name, text: values[name] ?? defaults[name], ...range });
  return {
    rounds: count('rounds', { min: 1, max: 100_000 }),
    seed: readSeed({ usage, text: values.seed }),
    json: values.json === true,
    outageSeconds: count('outage-seconds', { min: 1, max: 3600 }),
    kinds: readKinds(values.kinds),
    patients: count('patients', { min: 5, max: 10_000 }),
  };
}

function readKinds(text: string | undefined): readonly ChaosKind[] {
  if (text === undefined) return chaosKinds;
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !isChaosKind(name));
  if (unknown.length > 0) throw new Error(`--kinds: there is no ${unknown.join(', ')}\n${usage}`);
  return names.filter(isChaosKind);
}
