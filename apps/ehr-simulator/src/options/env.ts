import { EnvError, parseEnv, validate } from '@bulkhead/base';
import { z } from 'zod';
import { type EhrSimulatorOptions, simulatorOptionsSchema } from './options.ts';

const flag = z.enum(['on', 'off', 'true', 'false']).transform((value) => value === 'on' || value === 'true');
const number = z.coerce.number();
const jwks = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'is not JSON. Set it to a JWK Set: {"keys":[...]}' });
    return z.NEVER;
  }
});

/**
 * The environment variables of the simulator process: what people and scripts configure. Other options take their defaults (`options.ts`).
 */
export const simulatorEnvSchema = z
  .object({
    SIMULATOR_HOST: z.string(),
    SIMULATOR_PUBLIC_URL: z.string(),
    SIMULATOR_INSTANCE_ID: z.string(),
    SIMULATOR_PATIENTS: number,
    SIMULATOR_SEED: number,
    SIMULATOR_PRACTICE_ID: z.string(),
    SIMULATOR_DATA_DIR: z.string(),
    SIMULATOR_EXPORT_SECONDS: number,
    SIMULATOR_RETRY_AFTER_SECONDS: number,
    SIMULATOR_MAX_ACTIVE_EXPORTS: number,
    SIMULATOR_EXPORT_LEVELS: z.string(),
    SIMULATOR_AUTH: flag,
    SIMULATOR_CLIENT_ID: z.string(),
    SIMULATOR_CLIENT_SECRET: z.string(),
    SIMULATOR_JWKS_URL: z.string(),
    SIMULATOR_JWKS: jwks,
    SIMULATOR_ENFORCE_SCOPES: flag,
    SIMULATOR_SCOPE_VERSION: z.string(),
    SIMULATOR_WILDCARD_SCOPES: flag,
    SIMULATOR_ASKS_USER: flag,
    SIMULATOR_REDIRECT_URIS: z.string(),
    SIMULATOR_TOKEN_SECONDS: number,
    SIMULATOR_TOKENS_PER_MINUTE: number,
    SIMULATOR_RATE_LIMIT: flag,
    SIMULATOR_RATE_WINDOW_REQUESTS: number,
  })
  .partial()
  // The option's default is 0, but a process needs a port that people know.
  .extend({ SIMULATOR_PORT: number.default(8080) });

/** Options with several values. Their variables separate values by commas. */
const lists = new Set(['exportLevels', 'redirectUris']);

/**
 * Converts variables to options: SIMULATOR_RETRY_AFTER_SECONDS becomes `retryAfterSeconds`.
 * @throws EnvError that lists every invalid variable.
 */
export function optionsFromEnv(env: Readonly<Record<string, string | undefined>>): EhrSimulatorOptions {
  const variables = parseEnv(simulatorEnvSchema, env);
  const options = Object.entries(variables).map(([name, value]) => {
    const option = optionName(name);
    return [option, lists.has(option) ? toList(String(value)) : value] as const;
  });
  const result = validate(simulatorOptionsSchema, Object.fromEntries(options));
  if (result.isValid) return result.data;
  throw new EnvError(result.faults.map(({ path, message }) => `${variableName(path)}: ${message}`));
}

/** `none` is an empty list, because an empty variable counts as not set. */
function toList(text: string): string[] {
  return text === 'none' ? [] : text.split(/[\s,]+/);
}

function optionName(variable: string): string {
  return variable
    .replace(/^SIMULATOR_/, '')
    .toLowerCase()
    .replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Converts the path of a fault to a variable: `exportLevels.0` becomes SIMULATOR_EXPORT_LEVELS.0. */
function variableName(path: string): string {
  return `SIMULATOR_${path.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
