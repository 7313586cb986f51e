import {
  countsNothing,
  encryptsNothing,
  type FeatureData,
  hasNoActiveWork,
  keepsNoPatient,
  leavesCountsToExpire,
  retainsNothing,
  type StoreContext,
} from '@bulkhead/store';
import { HistorySampleRepository } from './history/history-sample.repository.ts';
import { ProcessStateRepository } from './processes/process-state.repository.ts';

export type MonitoringStore = ReturnType<typeof createMonitoringStore>['repositories'];

export function createMonitoringStore({ database, secretBox }: Omit<StoreContext, 'gate'>) {
  return {
    repositories: {
      processStates: new ProcessStateRepository(database, secretBox.currentKeyId),
      historySamples: new HistorySampleRepository(database),
    },
    // Samples have counts and ids of connections only, for 30 days. States describe processes.
    data: {
      countOfConnection: countsNothing,
      eraseConnection: leavesCountsToExpire,
      countOfPatient: countsNothing,
      countMentions: countsNothing,
      erasePatient: keepsNoPatient,
      findActive: hasNoActiveWork,
      retention: retainsNothing,
      encryptedFields: encryptsNothing,
    } satisfies FeatureData,
  };
}
