import type { ConnectionStore } from '@bulkhead/connections';
import {
  countsNothing,
  defineFeature,
  encryptsNothing,
  type FeatureData,
  hasNoActiveWork,
  keepsNoPatient,
  ownedRecords,
  type RepositoriesOf,
  retainsNothing,
  type StoreContext,
} from '@bulkhead/store';
import type { BulkExportStore } from '../export/index.ts';
import type { SyncStore } from '../sync/index.ts';
import { collections } from './collections.ts';
import { ScheduleRepository } from './schedule.repository.ts';

export const scheduleFeature = defineFeature({
  collections,
  open(context: StoreContext) {
    const data: FeatureData = {
      countOfPatient: countsNothing,
      countMentions: countsNothing,
      erasePatient: keepsNoPatient,
      findActive: hasNoActiveWork,
      retention: retainsNothing,
      encryptedFields: encryptsNothing,
      ...ownedRecords(context.database, [
        {
          collection: collections.schedules,
          kind: 'schedules',
          isCounted: true,
          ofConnection: (connectionId) => ({ connectionId }),
        },
      ]),
    };
    return { repositories: { schedules: new ScheduleRepository(context) }, data: () => data };
  },
});

export type ScheduleStore = RepositoriesOf<typeof scheduleFeature>;

/** The repositories of schedules, and of what they start. */
export type ScheduleStores = ScheduleStore & BulkExportStore & SyncStore & Pick<ConnectionStore, 'connections'>;
