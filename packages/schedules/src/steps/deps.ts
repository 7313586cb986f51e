import type { Producer } from '@bulkhead/queues';
import type { Logger } from '@bulkhead/runtime';
import type { ScheduleStore } from '../store.ts';

/** What the steps of this feature work with. */
export interface ScheduleDeps {
  readonly store: ScheduleStore;
  readonly producer: Producer;
  readonly logger: Logger;
  readonly now: () => Date;
}
