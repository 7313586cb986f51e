import { parseCommandLine, readSeed, readWholeNumber } from '../command-line.ts';

const defaults = { losses: '10', patients: '100', members: '3' };

const usage = `usage: pnpm replica-set [--losses N] [--patients N] [--members N] [--seed S]
  --losses N    how often the primary is lost (default ${defaults.losses}): it is killed, or steps down
  --patients N  size of the simulated practice (default ${defaults.patients})
  --members N   members of the replica set (default ${defaults.members}). One is only killed and restarted
  --seed S      the same seed makes the same choices (default: a new one, which is printed)`;

/** @throws Error that names the invalid option and shows the usage */
export function readOptions(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = { losses: text, patients: text, members: text, seed: text };
  const { values } = parseCommandLine({ args: [...args], options }, usage);
  const count = (name: keyof typeof defaults, range: { readonly min: number; readonly max: number }) =>
    readWholeNumber({ usage, name, text: values[name] ?? defaults[name], ...range });
  const members = count('members', { min: 1, max: 7 });
  if (members === 2) throw new Error(`--members must not be 2: if one of two is lost, none can be elected\n${usage}`);
  return {
    losses: count('losses', { min: 1, max: 10_000 }),
    patients: count('patients', { min: 5, max: 10_000 }),
    members,
    seed: readSeed({ usage, text: values.seed }),
  };
}
