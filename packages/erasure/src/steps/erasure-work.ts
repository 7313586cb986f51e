import type { Producer } from '@bulkhead/queues';
import {
  type FeatureWork,
  leavesNothingAtEhr,
  startsNothing,
  withholdsNoLines,
  worksOnNoPatient,
} from '@bulkhead/store';
import type { ErasureStore } from '../erasure.feature.ts';
import { eraseJob } from '../jobs.ts';

export function erasureWork(options: { readonly store: ErasureStore; readonly producer: Producer }): FeatureWork {
  const { store, producer } = options;
  return {
    stop: startsNothing,
    leaveEhr: leavesNothingAtEhr,
    isBusyWith: worksOnNoPatient,
    recountWithheld: withholdsNoLines,
    async ensureJobs() {
      for (const erasureId of await store.erasures.listActiveIds()) await producer.ensure(eraseJob, { erasureId });
    },
  };
}
