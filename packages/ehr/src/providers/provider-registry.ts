import { readFileSync } from 'node:fs';
import { EnvError, type Fault, invalidRequest, validate } from '@bulkhead/base';
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

/** An entry that an operator has stored. */
export interface StoredProvider {
  readonly id: string;
  /** A change of the entry with this id, or the whole entry of a new provider. */
  readonly entry: Readonly<Record<string, unknown>>;
}

/** What the database knows of providers. */
export interface StoredProviders {
  readonly measured: readonly FactsFile[];
  readonly entries: readonly StoredProvider[];
}

export interface ChangeableRegistry extends ProviderRegistry {
  /** The ids in the configuration of this process. Its file and its variable go before what is stored. */
  readonly declared: ReadonlySet<string>;
  /**
   * Replaces what is stored. Measured facts of providers and environments that do not exist are left out, and so are entries that are not valid.
   * @returns the ids of these entries
   * @throws EnvError if an entry of the configuration no longer fits. Nothing changes then
   */
  setStored(stored: StoredProviders): readonly string[];
  /**
   * The providers that there would be.
   * @param options.mustFit the id of an entry that must be valid
   * @throws AppError `invalid-request` with the faults of this entry, EnvError like `setStored`
   */
  preview(stored: StoredProviders, options?: { readonly mustFit?: string }): ReadonlyMap<string, Provider>;
}

/**
 * Creates the registry of the EHR vendors that connections can use. An entry with the id of an earlier one changes the facts that it
 * contains, and keeps the others: the built-in entry, then what was measured, what is stored, the file, and the variable.
 * @throws EnvError with every fault of the providers.
 */
export function createProviderRegistry(settings: ProviderSettings): ChangeableRegistry {
  const { BULKHEAD_PROVIDERS_FILE: path, BULKHEAD_PROVIDERS: text } = settings;
  const builtIn = {
    from: 'the built-in providers',
    content: [athenahealth(settings), ...vendors.map(({ entry }) => entry)],
  };
  const declared: Source[] = [];
  if (path !== undefined) declared.push({ from: 'BULKHEAD_PROVIDERS_FILE', content: readJson(path) });
  if (text !== undefined)
    declared.push({ from: 'BULKHEAD_PROVIDERS', content: parseJson(text, 'BULKHEAD_PROVIDERS:') });

  const composeWith = ({ measured, entries }: StoredProviders, mustFit?: string): Composed => {
    const ofOperator: Source[] = [
      ...entries.map(({ id, entry }) => ({
        from: 'stored',
        content: [{ ...entry, id }],
        mayBeLeftOut: id !== mustFit,
      })),
      ...declared,
    ];
    const composed = compose([builtIn, ...ofOperator]);
    const overlays = measured.flatMap((file) =>
      overlayOf({ file, base: composed.providers.get(file.provider), ofOperator }),
    );
    return overlays.length === 0 ? composed : compose([builtIn, ...overlays, ...ofOperator]);
  };
  let { providers } = composeWith({ measured: [], entries: [] });
  return {
    declared: new Set(declared.flatMap(({ content }) => entriesIn(content).map(({ id }) => String(id)))),
    preview: (stored, { mustFit } = {}) => composeWith(stored, mustFit).providers,
    setStored: (stored) => {
      const composed = composeWith(stored);
      providers = composed.providers;
      return composed.leftOut;
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
  /** `stored` is a list of one entry. */
  readonly from: string;
  readonly content: unknown;
  /** The entry of a later source completes it. */
  readonly isPart?: boolean;
  /** Whether it is left out if it is not valid, for instance after an upgrade that knows more faults. */
  readonly mayBeLeftOut?: boolean;
}

interface Composed {
  readonly providers: ReadonlyMap<string, Provider>;
  /** The ids of what was left out. */
  readonly leftOut: readonly string[];
}

function listIn(content: unknown): unknown {
  return (content as { readonly providers?: unknown } | null)?.providers ?? content;
}

function entriesIn(content: unknown): readonly Readonly<Record<string, unknown>>[] {
  const list = listIn(content);
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** @throws an error with every fault of a source, and none of its content */
function compose(sources: readonly Source[]): Composed {
  const entries = new Map<unknown, unknown>();
  const leftOut: string[] = [];
  for (const { from, content, isPart = false, mayBeLeftOut = false } of sources) {
    const list = listIn(content);
    const merged = Array.isArray(list) ? list.map((entry) => mergePatch(entries.get(entry?.id), entry)) : list;
    const result = isPart ? undefined : validate(providersSchema, merged);
    if (result?.isValid === false && mayBeLeftOut) {
      leftOut.push(...entriesIn(content).map(({ id }) => String(id)));
      continue;
    }
    if (result?.isValid === false) throw toError(from, result.faults);
    for (const entry of merged as readonly { readonly id: string }[]) entries.set(entry.id, entry);
  }
  const parsed = [...entries.values()].map((entry) => providerSchema.parse(entry));
  return { providers: new Map(parsed.map((entry) => [entry.id, entry])), leftOut };
}

function toError(from: string, faults: readonly Fault[]): Error {
  if (from !== 'stored')
    return new EnvError(faults.map(({ path, message }) => `${from}: ${path || '(file)'}: ${message}`));
  return invalidRequest(faults.map(({ path, message }) => ({ path: path.replace(/^0\.?/, ''), message })));
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
