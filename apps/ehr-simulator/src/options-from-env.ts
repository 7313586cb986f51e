import { parseEnv } from '@bulkhead/runtime';
import { z } from 'zod';
import { simulatorEnvSchema } from './env.ts';
import { type SimulatorOptions, simulatorOptionsSchema } from './options.ts';

/** Options that hold several values, which a variable separates by commas. */
const lists = new Set(['exportLevels', 'unsupportedParameters', 'restTypes', 'patientRevIncludes', 'redirectUris']);

/**
 * SIMULATOR_RETRY_AFTER_SECONDS becomes `retryAfterSeconds`, and so on.
 * @throws EnvError that lists every fault.
 */
export function optionsFromEnv(env: Readonly<Record<string, string | undefined>>): SimulatorOptions {
  const variables = parseEnv(simulatorEnvSchema, env);
  const options = Object.entries(variables).map(([name, value]) => {
    const option = optionName(name);
    return [option, lists.has(option) ? String(value).split(/[\s,]+/) : value] as const;
  });
  const checked = simulatorOptionsSchema.safeParse(Object.fromEntries(options));
  if (checked.success) return checked.data;
  throw new Error(`The environment is not usable:\n${z.prettifyError(checked.error)}`);
}

function optionName(variable: string): string {
  return variable
    .replace(/^SIMULATOR_/, '')
    .toLowerCase()
    .replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
