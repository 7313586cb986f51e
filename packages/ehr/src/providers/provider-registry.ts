import { readFileSync } from 'node:fs';
import { EnvError, validate } from '@bulkhead/base';
import { z } from 'zod';
import { athenahealth, type ProviderSettings } from './athenahealth.ts';
import { providerError } from './errors.ts';
import { type Provider, providerSchema } from './provider.ts';

export type ProviderRegistry = ReturnType<typeof createProviderRegistry>;

/**
 * Creates the registry of the EHR vendors that connections can use. An entry with the id of an earlier one changes the facts that it
 * contains, and keeps the others: the built-in entry, then the file, then the variable.
 * @throws EnvError with every fault of the providers.
 */
export function createProviderRegistry(settings: ProviderSettings) {
  const { BULKHEAD_PROVIDERS_FILE: path, BULKHEAD_PROVIDERS: text } = settings;
  const entries = new Map<unknown, unknown>();
  add(entries, { from: 'the built-in providers', content: [athenahealth(settings)] });
  const fromFile = 'BULKHEAD_PROVIDERS_FILE';
  if (path !== undefined) add(entries, { from: fromFile, content: readJson(path) });
  if (text !== undefined) add(entries, { from: 'BULKHEAD_PROVIDERS', content: parseJson(text, 'BULKHEAD_PROVIDERS:') });
  const providers = new Map(
    [...entries.values()].map((entry) => providerSchema.parse(entry)).map((entry) => [entry.id, entry]),
  );
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

/** Adds providers, or changes facts of those that exist. @throws EnvError with every fault of the result, and none of the content */
function add(entries: Map<unknown, unknown>, source: { readonly from: string; readonly content: unknown }): void {
  const { from } = source;
  const list = (source.content as { readonly providers?: unknown } | null)?.providers ?? source.content;
  const merged = Array.isArray(list) ? list.map((entry) => mergePatch(entries.get(entry?.id), entry)) : list;
  const result = validate(providersSchema, merged);
  if (!result.isValid)
    throw new EnvError(result.faults.map(({ path, message }) => `${from}: ${path || '(file)'}: ${message}`));
  for (const entry of merged as readonly { readonly id: string }[]) entries.set(entry.id, entry);
}

/** A JSON merge patch (RFC 7396): objects are merged, null removes a member, and everything else replaces it. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new EnvError([`BULKHEAD_PROVIDERS_FILE: ${path} cannot be read (${(error as { code?: string }).code})`]);
  }
  return parseJson(text, `BULKHEAD_PROVIDERS_FILE: ${path}`);
}

function parseJson(text: string, from: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The message of a SyntaxError quotes the text, which may contain a client secret.
    throw new EnvError([`${from} is not valid JSON`]);
  }
}

function hasDefault({ environments, defaultEnvironment }: Provider): boolean {
  return Object.hasOwn(environments, defaultEnvironment);
}
