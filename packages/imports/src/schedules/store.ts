import {
  countsNothing,
  encryptsNothing,
  type FeatureData,
  hasNoActiveWork,
  keepsNoPatient,
  ownedRecords,
  retainsNothing,
  type StoreContext,
} from '@bulkhead/store';
import { ScheduleRepository } from './schedule.repository.ts';

export type ScheduleStore = ReturnType<typeof createScheduleStore>['repositories'];

export function createScheduleStore(context: StoreContext) {
  const data: FeatureData = {
    countOfPatient: countsNothing,
    countMentions: countsNothing,
    erasePatient: keepsNoPatient,
    findActive: hasNoActiveWork,
    retention: retainsNothing,
    encryptedFields: encryptsNothing,
    ...ownedRecords(context.database, [
      {
        ...{ collection: 'schedules', kind: 'schedules', isCounted: true },
        ofConnection: (connectionId) => ({ connectionId }),
      },
    ]),
  };
  return { repositories: { schedules: new ScheduleRepository(context) }, data };
}
