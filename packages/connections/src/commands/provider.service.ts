import { type AppError, type Fault, invalidRequest } from '@bulkhead/base';
import {
  type ChangeableRegistry,
  credentialHosts,
  egressRules,
  isAllowedEndpoint,
  type Provider,
} from '@bulkhead/ehr/providers';
import { z } from 'zod';
import type { ConnectionStore } from '../connection.feature.ts';
import type { ConnectionPlace } from '../connection.repository.ts';
import { connectionError } from '../errors.ts';
import { readStoredProviders } from '../providers/follow-providers.ts';

export const providerEntrySchema = z.record(z.string(), z.unknown()).meta({
  description:
    'The fields of the entry, as in a file of providers. Of a built-in provider, only those that change. `null` removes a field.',
});
type ProviderEntry = z.output<typeof providerEntrySchema>;

/** Fields that only the configuration can set, each with the reason. */
const ofConfiguration = {
  clientSecret: 'is not stored with a provider. Set it with the credentials of a connection',
  practiceOfPatient: 'can be set in BULKHEAD_PROVIDERS_FILE only, because a regular expression can stop a process',
  privateNetwork: "opens the operator's own network, or plain http, so only BULKHEAD_PROVIDERS_FILE can have it",
} as const;

const nothingStored = 'none';

/** What an entry changes for connections, for the audit log. */
export interface ProviderChange {
  readonly provider: Provider | undefined;
  readonly addedHosts: readonly string[];
  readonly removedHosts: readonly string[];
  /** The version of the entry before the change. */
  readonly replaced: string;
}

export interface ProviderState {
  /** As it is used, with every source. */
  readonly provider: Provider;
  /** The stored entry. Undefined if there is none. */
  readonly entry: ProviderEntry | undefined;
  /** Another one with each change of the stored entry, and `none` if there is none. */
  readonly version: string;
  /** Whether the configuration of the process has an entry. It goes before a stored one. */
  readonly isDeclared: boolean;
}

/** Stores, shows and removes entries of the provider registry. Each process uses a change within some seconds. */
export class ProviderService {
  readonly #options;

  constructor(options: { readonly store: ConnectionStore; readonly registry: ChangeableRegistry }) {
    this.#options = options;
  }

  /** @throws AppError `unknown-provider` */
  async read(id: string): Promise<ProviderState> {
    const { store, registry } = this.#options;
    const stored = await readStoredProviders(store);
    registry.setStored(stored);
    const own = stored.entries.find((entry) => entry.id === id);
    return {
      provider: registry.get(id),
      entry: own?.entry,
      version: own?.version ?? nothingStored,
      isDeclared: registry.declared.has(id),
    };
  }

  /**
   * Replaces the stored entry of a provider, or adds one.
   * @param options.version what it replaces. Default: what is stored
   * @throws AppError `invalid-request` with each fault and its path, `provider-declared`, `provider-in-use`, `provider-changed`
   */
  async save(options: {
    readonly id: string;
    readonly entry: ProviderEntry;
    readonly version?: string | undefined;
    /** Whether the change is only checked. */
    readonly isDryRun?: boolean;
  }): Promise<ProviderChange> {
    const { id, entry, version, isDryRun = false } = options;
    const { id: ownId = id, ...fields } = entry;
    const faults: Fault[] = Object.entries(ofConfiguration)
      .filter(([path]) => fields[path] !== undefined)
      .map(([path, message]) => ({ path, message }));
    if (ownId !== id) faults.push({ path: 'id', message: `is another than that of the URL, ${id}` });
    if (faults.length > 0) throw invalidRequest(faults);
    const { change, from } = await this.#check(id, fields);
    if (version !== undefined && version !== change.replaced) throw connectionError('provider-changed');
    const saving = { provider: { id, entry: fields }, from, now: new Date() };
    if (!isDryRun && !(await this.#options.store.providerEntries.save(saving)))
      throw connectionError('provider-changed');
    return change;
  }

  /**
   * Removes the stored entry of a provider. A built-in provider is then as it was.
   * @throws AppError `unknown-provider`, `provider-not-stored`, `provider-in-use`, `provider-changed`
   */
  async remove(id: string): Promise<ProviderChange> {
    const { entry } = await this.read(id);
    if (!entry) throw connectionError('provider-not-stored');
    const { change, from: version = '' } = await this.#check(id, undefined);
    if (!(await this.#options.store.providerEntries.delete({ id, version }))) throw connectionError('provider-changed');
    return change;
  }

  /** @returns what an entry changes, and the version of the stored one that it replaces */
  async #check(id: string, entry: ProviderEntry | undefined) {
    const { store, registry } = this.#options;
    if (registry.declared.has(id)) throw connectionError('provider-declared');
    const stored = await readStoredProviders(store);
    const others = stored.entries.filter((one) => one.id !== id);
    const before = registry.preview(stored).get(id);
    const after = registry
      .preview({ ...stored, entries: entry ? [...others, { id, entry }] : others }, { mustFit: id })
      .get(id);
    if (after && egressRules(after).privateNetwork && !(before && egressRules(before).privateNetwork))
      throw invalidRequest([{ path: 'environments', message: ofConfiguration.privateNetwork }]);
    const broken = (await store.connections.listPlacesOf(id)).filter(
      (place) => before && canUse(before, place) && !(after && canUse(after, place)),
    );
    if (broken.length > 0) throw inUse(broken);
    const [was, is] = [before, after].map((provider) => new Set(provider ? credentialHosts(provider) : []));
    const from = stored.entries.find((one) => one.id === id)?.version;
    const change: ProviderChange = {
      replaced: from ?? nothingStored,
      provider: after,
      addedHosts: [...(is ?? [])].filter((host) => !was?.has(host)),
      removedHosts: [...(was ?? [])].filter((host) => !is?.has(host)),
    };
    return { change, from };
  }
}

function canUse(provider: Provider, { environment, fhirEndpoint, tokenEndpoint = fhirEndpoint }: ConnectionPlace) {
  return (
    Object.hasOwn(provider.environments, environment) &&
    [fhirEndpoint, tokenEndpoint].every((endpoint) => isAllowedEndpoint(endpoint, provider))
  );
}

/** A message names a few, because a vendor has thousands of endpoints. */
const named = 3;

function inUse(places: readonly ConnectionPlace[]): AppError {
  const some = places.slice(0, named).map(({ connectionId, fhirEndpoint }) => `${connectionId} (${fhirEndpoint})`);
  const more = places.length > named ? `, and others at ${places.length - named} endpoints` : '';
  return connectionError('provider-in-use', {
    message: `Connections could no longer be used: ${some.join(', ')}${more}. Delete them, or keep their environment and host. Nothing was changed.`,
  });
}
