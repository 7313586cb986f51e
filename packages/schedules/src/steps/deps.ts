import type { Producer } from '@bulkhead/queues';
import type { Logger } from '@bulkhead/runtime';
import type { ScheduleStore } from '../index.ts';

/** The dependencies of the steps of this feature. */
export interface ScheduleDeps {
  readonly store: ScheduleStore;
  readonly producer: Producer;
  readonly logger: Logger;
  readonly now: () => Date;
}
