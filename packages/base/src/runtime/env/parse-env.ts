import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type { Fault } from '../errors/errors.ts';
import { validate } from '../errors/validate.ts';

/** Thrown before anything is started. `faults` has one line for each variable that is missing or invalid. */
export class EnvError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The environment is not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'EnvError';
    this.faults = faults;
  }
}

/**
 * Reads the variables of a process. An empty variable counts as missing, because shell scripts unset variables with `FOO= cmd`. A
 * variable `NAME` can also be in a file that `NAME_FILE` names, because containers get their secrets as files.
 * @throws EnvError listing every fault
 */
export function parseEnv<Schema extends z.ZodObject>(
  schema: Schema,
  env: Readonly<Record<string, string | undefined>>,
): z.output<Schema> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const { values, faults: fileFaults } = readFiles(Object.keys(schema.shape), present);
  const result = validate(schema, { ...present, ...values });
  if (result.isValid && fileFaults.length === 0) return result.data;
  const isReported = ({ path }: Fault) => fileFaults.some((fault) => fault.path === path.split('.')[0]);
  const faults = result.isValid ? [] : result.faults.filter((fault) => !isReported(fault));
  throw new EnvError([...fileFaults, ...faults].map(({ path, message }) => `${path || '(environment)'}: ${message}`));
}

function readFiles(names: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  const values: Record<string, string> = {};
  const faults: Fault[] = [];
  for (const name of names) {
    const file = env[`${name}_FILE`];
    if (file === undefined) continue;
    if (env[name] !== undefined) {
      faults.push({ path: name, message: `is set, and ${name}_FILE is set too. Set one of them.` });
      continue;
    }
    try {
      // Editors and `echo` end a file with a line break.
      values[name] = readFileSync(file, 'utf8').trimEnd();
    } catch (error) {
      const { code = 'unreadable' } = error as { code?: string };
      faults.push({ path: name, message: `the file that ${name}_FILE names cannot be read (${code})` });
    }
  }
  return { values, faults };
}
