import {
  countsNothing,
  defineFeature,
  encryptsNothing,
  type FeatureData,
  hasNoActiveWork,
  type RepositoriesOf,
  retainsNothing,
  type StoreContext,
} from '@bulkhead/store';
import { collections } from './collections.ts';
import { ServedExportRepository } from './served-export.repository.ts';

export const servedExportFeature = defineFeature({
  collections,
  open(context: Pick<StoreContext, 'database' | 'gate'>) {
    const servedExports = new ServedExportRepository(context);
    // Records live for a day, so they are not counted. A client that loses its export starts another one.
    const data: FeatureData = {
      countOfConnection: countsNothing,
      countOfPatient: countsNothing,
      countMentions: countsNothing,
      findActive: hasNoActiveWork,
      retention: retainsNothing,
      encryptedFields: encryptsNothing,
      eraseConnection: async ({ connectionId }) => {
        await servedExports.deleteOfConnection(connectionId);
        return 0;
      },
      erasePatient: async (patient) => {
        await servedExports.deleteOfPatient(patient);
        return 0;
      },
    };
    return { repositories: { servedExports }, data: () => data };
  },
});

export type ServedExportStore = RepositoriesOf<typeof servedExportFeature>;
