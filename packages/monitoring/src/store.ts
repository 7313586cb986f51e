import { noData, type StoreContext } from '@bulkhead/store';
import { createHistorySampleRepository } from './history/history-sample.repository.ts';
import { createProcessStateRepository } from './processes/process-state.repository.ts';

export type MonitoringStore = ReturnType<typeof createMonitoringStore>['repositories'];

export function createMonitoringStore({ database, secretBox }: Omit<StoreContext, 'gate'>) {
  return {
    repositories: {
      processStates: createProcessStateRepository(database, secretBox.currentKeyId),
      historySamples: createHistorySampleRepository(database),
    },
    // Samples have counts and ids of connections only, for 30 days. States describe processes.
    data: noData,
  };
}
