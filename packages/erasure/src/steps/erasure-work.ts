import type { Producer } from '@bulkhead/queues';
import { type FeatureWork, noWork } from '@bulkhead/store';
import type { ErasureStore } from '../store.ts';

export function erasureWork(options: { readonly store: ErasureStore; readonly producer: Producer }): FeatureWork {
  const { store, producer } = options;
  return {
    ...noWork,
    async ensureJobs() {
      for (const erasureId of await store.erasures.listActiveIds())
        await producer.ensure('maintenance.erase', { erasureId });
    },
  };
}
