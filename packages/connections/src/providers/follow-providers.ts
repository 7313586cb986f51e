import type { Logger } from '@bulkhead/base';
import type { ChangeableRegistry, StoredProviders } from '@bulkhead/ehr/providers';
import type { ProviderEntryRepository } from './provider-entry.repository.ts';
import type { ProviderFactsRepository } from './provider-facts.repository.ts';

/** Two reads of small collections. A change applies in every process within this time. */
const everyMs = 3000;

interface ProviderStore {
  readonly providerFacts: ProviderFactsRepository;
  readonly providerEntries: ProviderEntryRepository;
}

export async function readStoredProviders(store: ProviderStore) {
  const [measured, entries] = await Promise.all([store.providerFacts.list(), store.providerEntries.list()]);
  return { measured, entries };
}

/** Keeps a registry current with what is stored, without a restart. */
export function followProviders(options: {
  readonly store: ProviderStore;
  readonly registry: ChangeableRegistry;
  readonly logger: Logger;
}) {
  const { store, registry, logger } = options;
  let timer: NodeJS.Timeout | undefined;
  let taken = JSON.stringify({ measured: [], entries: [] } satisfies StoredProviders);
  const take = async (): Promise<void> => {
    try {
      const stored = await readStoredProviders(store);
      const text = JSON.stringify(stored);
      if (text === taken) return;
      taken = text;
      for (const provider of registry.setStored(stored))
        logger.warn('stored provider is not valid and not used', { provider });
    } catch (error) {
      // MongoDB is unavailable, or an entry of the configuration of this process no longer fits. The registry stays as it is.
      logger.warn('stored providers not taken in', { error });
    }
  };
  return {
    async start(): Promise<void> {
      await take();
      timer = setInterval(() => void take(), everyMs);
    },
    stop: () => clearInterval(timer),
  };
}
