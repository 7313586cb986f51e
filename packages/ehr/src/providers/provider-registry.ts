import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { EnvError, validate } from '@bulkhead/base';
import { z } from 'zod';
import { athenahealth, type ProviderSettings } from './athenahealth.ts';
import { providerError } from './errors.ts';
import { type FactsFile, toOverlay } from './facts/facts-file.ts';
import { type Provider, providerSchema } from './provider.ts';
import { vendors } from './vendors/index.ts';

export interface ProviderRegistry {
  /** @throws AppError `unknown-provider` */
  get(id: string): Provider;
  list(): readonly Provider[];
}

export interface CurrentRegistry extends ProviderRegistry {
  /**
   * Reads the file again, and uses it with what was measured. Facts of providers and environments that do not exist are left out.
   * @returns whether anything has changed
   * @throws EnvError if the file is not valid. Nothing changes then
   */
  refresh(measured: readonly FactsFile[]): boolean;
}

/** In place of a provider in a path: any one, as in Google's AIP-159. Ids are unique, and a list contains the records of all providers. */
const anyProvider = '-';

/** The provider that a path names, to filter a list by. Undefined if it may be any one. @throws AppError `unknown-provider` */
export function checkProvider(registry: Pick<ProviderRegistry, 'get'>, id: string): string | undefined {
  return id === anyProvider ? undefined : registry.get(id).id;
}

/**
 * Creates the registry of the EHR vendors that connections can use. An entry with the id of an earlier one changes the facts that it
 * contains, and keeps the others: the built-in entry, then what was measured, the file, and the variable.
 * @throws EnvError with every fault of the providers.
 */
export function createProviderRegistry(settings: ProviderSettings): CurrentRegistry {
  const { BULKHEAD_PROVIDERS_FILE: path, BULKHEAD_PROVIDERS: variable } = settings;
  const builtIn: Source = {
    from: 'the built-in providers',
    content: [athenahealth(settings), ...vendors.map(({ entry }) => entry)],
  };
  const ofVariable: readonly Source[] =
    variable === undefined ? [] : [{ from: 'BULKHEAD_PROVIDERS', content: parseJson(variable, 'BULKHEAD_PROVIDERS:') }];

  const composeWith = (file: string | undefined, measured: readonly FactsFile[]): Providers => {
    const from = `BULKHEAD_PROVIDERS_FILE: ${path}`;
    const ofFile: readonly Source[] =
      file === undefined ? [] : [{ from: 'BULKHEAD_PROVIDERS_FILE', content: parseJson(file, from) }];
    const ofOperator = [...ofFile, ...ofVariable];
    const providers = compose([builtIn, ...ofOperator]);
    const overlays = measured.flatMap((facts) =>
      overlayOf({ file: facts, base: providers.get(facts.provider), ofOperator }),
    );
    return overlays.length === 0 ? providers : compose([builtIn, ...overlays, ...ofOperator]);
  };
  let used = { file: path === undefined ? undefined : readText(path), measured: '[]' };
  let providers = composeWith(used.file, []);
  return {
    refresh(measured) {
      const sources = { file: path === undefined ? undefined : readText(path), measured: JSON.stringify(measured) };
      if (isDeepStrictEqual(sources, used)) return false;
      providers = composeWith(sources.file, measured);
      used = sources;
      return true;
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

/** What a file of facts changes. Nothing, if its provider or environment does not exist. */
function overlayOf(options: {
  readonly file: FactsFile;
  readonly base: Provider | undefined;
  readonly ofOperator: readonly Source[];
}): Source[] {
  const { file, base, ofOperator } = options;
  if (!base || !Object.hasOwn(base.environments, file.environment)) return [];
  const statesRate = ofOperator.some(({ content }) =>
    entriesIn(content).some(({ id, rateLimit }) => id === base.id && rateLimit),
  );
  // The limit of an environment goes before that of the provider, so it would hide one that the operator has set for all.
  const { requestsPerDay: _, ...others } = file.facts;
  const facts = statesRate ? others : file.facts;
  return [{ from: 'measured', content: [toOverlay({ ...file, facts }, base)], isPart: true }];
}

const providersSchema = z.array(
  providerSchema.refine(hasDefault, 'defaultEnvironment is not one of the environments'),
  'must be a list of providers',
);

interface Source {
  readonly from: string;
  readonly content: unknown;
  /** The entry of a later source completes it. */
  readonly isPart?: boolean;
}

type Providers = ReadonlyMap<string, Provider>;

function listIn(content: unknown): unknown {
  return (content as { readonly providers?: unknown } | null)?.providers ?? content;
}

function entriesIn(content: unknown): readonly Readonly<Record<string, unknown>>[] {
  const list = listIn(content);
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** @throws EnvError with every fault of a source, and none of its content */
function compose(sources: readonly Source[]): Providers {
  const entries = new Map<unknown, unknown>();
  for (const { from, content, isPart = false } of sources) {
    const list = listIn(content);
    const merged = Array.isArray(list) ? list.map((entry) => mergePatch(entries.get(entry?.id), entry)) : list;
    const result = isPart ? undefined : validate(providersSchema, merged);
    if (result?.isValid === false)
      throw new EnvError(result.faults.map(({ path, message }) => `${from}: ${path || '(file)'}: ${message}`));
    for (const entry of merged as readonly { readonly id: string }[]) entries.set(entry.id, entry);
  }
  const parsed = [...entries.values()].map((entry) => providerSchema.parse(entry));
  return new Map(parsed.map((entry) => [entry.id, entry]));
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

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new EnvError([`BULKHEAD_PROVIDERS_FILE: ${path} cannot be read (${(error as { code?: string }).code})`]);
  }
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
