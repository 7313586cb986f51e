import { isResourceType } from '@bulkhead/fhir';
import { defineFeature, type RawWrites, type RepositoriesOf, type StoreContext } from '@bulkhead/store';
import { collections } from './collections.ts';
import { KeptOutRepository } from './kept-out.repository.ts';
import { createResourceData } from './resource.data.ts';
import { ResourceRepository } from './resource.repository.ts';
import { VersionWriter } from './resource.writer.ts';
import { createResourceChanges } from './resource-changes.ts';
import { prepareResourceTypes } from './resource-collections.ts';
import { readTombstonesDeletedBefore } from './retain-tombstones.ts';

export const resourceFeature = defineFeature({
  collections,
  ownsOther: isResourceType,
  open(context: StoreContext & { readonly rawWrites: () => RawWrites | undefined }) {
    const { database } = context;
    const keptOut = new KeptOutRepository(context);
    return {
      repositories: {
        resources: new ResourceRepository(database),
        resourceChanges: createResourceChanges(database, {
          deletionsKnownSince: () => readTombstonesDeletedBefore(database),
        }),
        resourceWriter: new VersionWriter({ ...context, keptOutStore: keptOut }),
        keptOut,
        prepareResourceTypes: (resourceTypes: readonly string[]) => prepareResourceTypes(database, resourceTypes),
      },
      data: (others: Omit<Parameters<typeof createResourceData>[0], 'database' | 'keptOut'>) =>
        createResourceData({ database, keptOut, ...others }),
    };
  },
});

export type ResourceStore = RepositoriesOf<typeof resourceFeature>;
