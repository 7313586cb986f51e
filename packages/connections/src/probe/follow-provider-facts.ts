import type { Logger } from '@bulkhead/base';
import type { MeasuredRegistry } from '@bulkhead/ehr/providers';
import type { ProviderFactsRepository } from './provider-facts.repository.ts';

/** One read of a small collection. Facts are applied in every process within this time. */
const everyMs = 3000;

/** Keeps the measured facts of a registry current, without a restart. */
export function followProviderFacts(options: {
  readonly store: { readonly providerFacts: ProviderFactsRepository };
  readonly registry: MeasuredRegistry;
  readonly logger: Logger;
}) {
  const { store, registry, logger } = options;
  let timer: NodeJS.Timeout | undefined;
  let taken = '[]';
  const take = async (): Promise<void> => {
    try {
      const files = await store.providerFacts.list();
      const text = JSON.stringify(files);
      if (text === taken) return;
      taken = text;
      registry.setMeasured(files);
    } catch (error) {
      // MongoDB is unavailable, or an entry of the operator no longer fits. The registry stays as it is.
      logger.warn('measured facts not taken in', { error });
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
