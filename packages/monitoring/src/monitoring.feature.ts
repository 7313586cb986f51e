import {
  countsNothing,
  defineFeature,
  encryptsNothing,
  type FeatureData,
  hasNoActiveWork,
  keepsNoPatient,
  leavesCountsToExpire,
  type RepositoriesOf,
  retainsNothing,
  type StoreContext,
} from '@bulkhead/store';
import { collections } from './collections.ts';
import { HistorySampleRepository } from './history/history-sample.repository.ts';
import { ProcessStateRepository } from './processes/process-state.repository.ts';
import { HealthReportRepository } from './report/health-report.repository.ts';

export const monitoringFeature = defineFeature({
  collections,
  open({ database, secretBox }: Omit<StoreContext, 'gate'>) {
    return {
      repositories: {
        processStates: new ProcessStateRepository(database, secretBox.currentKeyId),
        historySamples: new HistorySampleRepository(database),
        healthReports: new HealthReportRepository(database),
      },
      // Samples have counts and ids of connections only, for 30 days. States describe processes. The report is replaced each minute.
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
  },
});

export type MonitoringStore = RepositoriesOf<typeof monitoringFeature>;
