import { EnvError, type Logger } from '@bulkhead/base';
import type { CurrentRegistry, FactsFile } from '@bulkhead/ehr/providers';
import type { ProviderFactsRepository } from './provider-facts.repository.ts';

/** A small file and a small collection. A change applies in every process within this time. */
const everyMs = 3000;

/** Keeps a registry current with the file of providers and with what was measured, without a restart. */
export function followProviders(options: {
  readonly store: { readonly providerFacts: ProviderFactsRepository };
  readonly registry: CurrentRegistry;
  readonly logger: Logger;
}) {
  const { store, registry, logger } = options;
  let timer: NodeJS.Timeout | undefined;
  let measured: readonly FactsFile[] = [];
  let reported: string | undefined;
  const refresh = async (): Promise<void> => {
    try {
      // While MongoDB is unavailable, the file is still followed.
      measured = await store.providerFacts.list().catch(() => measured);
      if (registry.refresh(measured)) logger.info('providers changed');
      reported = undefined;
    } catch (error) {
      // The registry stays as it is. A file with a fault is reported once.
      const text = String(error);
      const reasons = error instanceof EnvError ? error.faults : [text];
      if (text !== reported)
        for (const reason of reasons)
          logger.error('the file of providers is not valid, and the one before stays in use', { reason });
      reported = text;
    }
  };
  return {
    async start(): Promise<void> {
      await refresh();
      timer = setInterval(() => void refresh(), everyMs);
    },
    stop: () => clearInterval(timer),
  };
}
