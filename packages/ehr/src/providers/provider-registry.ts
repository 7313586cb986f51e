import { readFileSync } from 'node:fs';
import { EnvError, validate } from '@bulkhead/base';
import { z } from 'zod';
import { athenahealth, type ProviderSettings } from './athenahealth.ts';
import { providerError } from './errors.ts';
import { type FactsFile, toOverlay } from './facts/facts-file.ts';
import { type Provider, providerSchema } from './provider.ts';

export interface ProviderRegistry {
  /** @throws AppError `unknown-provider` */
  get(id: string): Provider;
  list(): readonly Provider[];
}

export interface MeasuredRegistry extends ProviderRegistry {
  /**
   * Replaces the measured facts. Those of providers and environments that do not exist are left out.
   * @throws EnvError if an entry would not be valid. Nothing changes then
   */
  setMeasured(files: readonly FactsFile[]): void;
}

/**
 * Creates the registry of the EHR vendors that connections can use. An entry with the id of an earlier one changes the facts that it
 * contains, and keeps the others: the built-in entry, then what was measured, then the file, then the variable.
 * @throws EnvError with every fault of the providers.
 */
export function createProviderRegistry(settings: ProviderSettings): MeasuredRegistry {
  const { BULKHEAD_PROVIDERS_FILE: path, BULKHEAD_PROVIDERS: text } = settings;
  const builtIn: Source = { from: 'the built-in providers', content: [athenahealth(settings)] };
  const ofOperator: Source[] = [];
  if (path !== undefined) ofOperator.push({ from: 'BULKHEAD_PROVIDERS_FILE', content: readJson(path) });
  if (text !== undefined)
    ofOperator.push({ from: 'BULKHEAD_PROVIDERS', content: parseJson(text, 'BULKHEAD_PROVIDERS:') });
  const statesRate = (id: string) =>
    ofOperator.some(({ content }) =>
      (listIn(content) as readonly Partial<Provider>[]).some((entry) => entry.id === id && entry.rateLimit),
    );
  const build = (files: readonly FactsFile[]): ReadonlyMap<string, Provider> => {
    const entries = new Map<unknown, unknown>();
    add(entries, builtIn);
    for (const file of files) {
      const base = unmeasured.get(file.provider);
      if (!base || !Object.hasOwn(base.environments, file.environment)) continue;
      // The limit of an environment goes before that of the provider, so it would hide one that the operator has set for all.
      const { requestsPerDay: _, ...others } = file.facts;
      const facts = statesRate(file.provider) ? others : file.facts;
      entries.set(file.provider, mergePatch(entries.get(file.provider), toOverlay({ ...file, facts }, base)));
    }
    for (const source of ofOperator) add(entries, source);
    return new Map([...entries.values()].map((entry) => providerSchema.parse(entry)).map((entry) => [entry.id, entry]));
  };
  let unmeasured: ReadonlyMap<string, Provider> = new Map();
  unmeasured = build([]);
  let providers = unmeasured;
  return {
    setMeasured(files: readonly FactsFile[]): void {
      providers = build(files);
    },
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

interface Source {
  readonly from: string;
  readonly content: unknown;
}

function listIn(content: unknown): unknown {
  return (content as { readonly providers?: unknown } | null)?.providers ?? content;
}

/** Adds providers, or changes facts of those that exist. @throws EnvError with every fault of the result, and none of the content */
function add(entries: Map<unknown, unknown>, { from, content }: Source): void {
  const list = listIn(content);
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
