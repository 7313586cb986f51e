import { readFileSync } from 'node:fs';
import { EnvError, validate } from '@bulkhead/runtime';
import { z } from 'zod';
import { athenahealth, type ProviderSettings } from './athenahealth.ts';
import { providerError } from './errors.ts';
import { type Provider, providerSchema } from './provider.ts';

export type ProviderRegistry = ReturnType<typeof createProviderRegistry>;

/**
 * Creates the registry of the EHR vendors that connections can use.
 * @throws EnvError with every fault of the providers file.
 */
export function createProviderRegistry(settings: ProviderSettings) {
  const all = [athenahealth(settings), ...readProviders(settings)];
  const providers = new Map(all.map((provider) => [provider.id, provider]));
  return {
    /** @throws AppError `unknown-provider` */
    get(id: string): Provider {
      const provider = providers.get(id);
      if (provider) return provider;
      throw providerError('unknown-provider', {
        message: `The provider is unknown. Use one of these: ${[...providers.keys()].join(', ')}.`,
      });
    },
    list: (): readonly Provider[] => [...providers.values()],
  };
}

const providersSchema = z.array(
  providerSchema.refine(hasDefault, 'defaultEnvironment is not one of the environments'),
  'must be a list of providers',
);

function readProviders({ BULKHEAD_PROVIDERS_FILE: path }: ProviderSettings): Provider[] {
  if (path === undefined) return [];
  const content = readJson(path) as { providers?: unknown } | null;
  const result = validate(providersSchema, content?.providers ?? content);
  if (result.isValid) return result.data;
  throw new EnvError(
    result.faults.map(({ path, message }) => `BULKHEAD_PROVIDERS_FILE: ${path || '(file)'}: ${message}`),
  );
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // The message of a SyntaxError quotes the file, which may contain a client secret.
    const reason =
      error instanceof SyntaxError ? 'is not valid JSON' : `cannot be read (${(error as { code?: string }).code})`;
    throw new EnvError([`BULKHEAD_PROVIDERS_FILE: ${path} ${reason}`]);
  }
}

function hasDefault({ environments, defaultEnvironment }: Provider): boolean {
  return Object.hasOwn(environments, defaultEnvironment);
}
