import {
  amountsOf,
  countsNothing,
  type Database,
  defineFeature,
  encryptsNothing,
  type FeatureData,
  hasNoActiveWork,
  ownedRecords,
  type RepositoriesOf,
  retainsNothing,
  type StoreContext,
} from '@bulkhead/store';
import { collections } from './collections.ts';
import { OpenReferenceRepository } from './open-reference.repository.ts';

export const referenceFeature = defineFeature({
  collections,
  open(context: StoreContext) {
    const openReferences = new OpenReferenceRepository(context);
    return {
      repositories: { openReferences },
      data: () => createReferenceData({ database: context.database, openReferences }),
    };
  },
});

export type ReferenceStore = RepositoriesOf<typeof referenceFeature>;

function createReferenceData(options: {
  readonly database: Database;
  readonly openReferences: OpenReferenceRepository;
}): FeatureData {
  const { database, openReferences } = options;
  const parts = ownedRecords(database, [
    {
      collection: collections.openReferences,
      kind: 'openReferences',
      isCounted: true,
      ofConnection: (connectionId) => ({ connectionId }),
    },
    { collection: collections.referenceMarks, kind: 'referenceMarks', ofConnection: (_id) => ({ _id }) },
  ]);
  return {
    ...parts,
    countMentions: countsNothing,
    encryptedFields: encryptsNothing,
    findActive: hasNoActiveWork,
    // They are deleted when their resource is stored, or with their connection.
    retention: retainsNothing,

    async countOfPatient(patient) {
      return amountsOf({ records: { openReferences: await openReferences.countOfPatient(patient) } });
    },

    async erasePatient({ onDeleted, ...patient }) {
      const deleted = await openReferences.deleteOfPatient(patient);
      if (deleted > 0) await onDeleted(amountsOf({ records: { openReferences: deleted } }));
      return deleted;
    },
  };
}
