import { checkProvider, ehrBaseUrls, type ProviderRegistry } from '@bulkhead/ehr/providers';
import { isInScope, type ScopedReference } from '@bulkhead/store';
import type { ConnectionStore } from './connection.feature.ts';
import type { ConnectionWithoutSecrets } from './connection.record.ts';
import { connectionError, otherIdMessage } from './errors.ts';

export interface ConnectionReference extends ScopedReference {
  /** Present if the address of the request names a provider. */
  readonly provider?: string;
}

/** Finds connections for a caller who sees some of them only. */
export class ConnectionReader {
  readonly #connections;
  readonly #registry;

  constructor({ store, registry }: { readonly store: ConnectionStore; readonly registry: ProviderRegistry }) {
    this.#connections = store.connections;
    this.#registry = registry;
  }

  /** @throws AppError `unknown-provider`, `unknown-connection` */
  async find({ provider, id, scope }: ConnectionReference): Promise<ConnectionWithoutSecrets> {
    if (provider !== undefined) checkProvider(this.#registry, provider);
    // An id is unique, so a request that names another provider still means this connection.
    const connection = isInScope(scope, id) ? await this.#connections.find(id) : undefined;
    if (connection) return connection;
    const message = otherIdMessage(id);
    throw connectionError('unknown-connection', message === undefined ? {} : { message });
  }

  /** Like `find`, with the FHIR base URLs by which the EHR knows itself, for `readReference`. */
  async findWithNames(reference: ConnectionReference) {
    const connection = await this.find(reference);
    return { ...connection, baseUrls: ehrBaseUrls(connection, this.#registry.get(connection.provider)) };
  }
}
