import { type FeatureData, noData, ownedRecords, type StoreContext } from '@bulkhead/store';
import { ScheduleRepository } from './schedule.repository.ts';

export type ScheduleStore = ReturnType<typeof createScheduleStore>['repositories'];

export function createScheduleStore(context: StoreContext) {
  const data: FeatureData = {
    ...noData,
    ...ownedRecords(context.database, [
      {
        ...{ collection: 'schedules', kind: 'schedules', isCounted: true },
        ofConnection: (connectionId) => ({ connectionId }),
      },
    ]),
  };
  return { repositories: { schedules: new ScheduleRepository(context) }, data };
}
