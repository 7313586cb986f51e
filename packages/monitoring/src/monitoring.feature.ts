import type { DocumentStore } from '@bulkhead/documents';
import type { ScheduleStores } from '@bulkhead/imports/schedules';
import type { QuarantineStore } from '@bulkhead/records/quarantine';
import {
  countsNothing,
  defineFeature,
  encryptsNothing,
  type FeatureData,
  hasNoActiveWork,
  type RepositoriesOf,
  type RetentionState,
  retainsNothing,
  type StoreContext,
} from '@bulkhead/store';
import type { WebhookStore } from '@bulkhead/webhooks';
import { collections } from './collections.ts';
import { HistorySampleRepository } from './history/history-sample.repository.ts';
import { ProcessStateRepository } from './processes/process-state.repository.ts';
import { HealthReportRepository } from './report/health-report.repository.ts';

export const monitoringFeature = defineFeature({
  collections,
  open({ database, secretBox }: Omit<StoreContext, 'gate'>) {
    const healthReports = new HealthReportRepository(database);
    /** A worker makes the report again within a minute. */
    const removeReport = async () => {
      await healthReports.remove();
      return 0;
    };
    return {
      repositories: {
        processStates: new ProcessStateRepository(database, secretBox.currentKeyId),
        historySamples: new HistorySampleRepository(database),
        healthReports,
      },
      // Samples stay: they have counts and ids of connections only, for 30 days. States describe processes.
      data: (): FeatureData => ({
        countOfConnection: countsNothing,
        eraseConnection: removeReport,
        countOfPatient: countsNothing,
        countMentions: countsNothing,
        erasePatient: removeReport,
        findActive: hasNoActiveWork,
        retention: retainsNothing,
        encryptedFields: encryptsNothing,
      }),
    };
  },
});

export type MonitoringStore = RepositoriesOf<typeof monitoringFeature>;

/** The repositories and figures that monitoring reads. */
export type MonitoredStores = MonitoringStore &
  ScheduleStores &
  QuarantineStore &
  DocumentStore &
  WebhookStore & {
    readonly listRetentionStates: () => Promise<RetentionState[]>;
    /** The version and the clock of MongoDB. */
    readonly server: () => Promise<{ readonly version: string; readonly now: Date }>;
  };
