import { isResourceType } from '@bulkhead/fhir';
import { defineFeature, type RawWrites, type RepositoriesOf, type StoreContext } from '@bulkhead/store';
import { ResourceChangeRepository } from './changes/resource-changes.ts';
import { collections } from './collections.ts';
import { KeptOutRepository } from './erase/kept-out.repository.ts';
import { readTombstonesDeletedBefore } from './erase/retain-tombstones.ts';
import { ResourceRepository } from './read/resource.repository.ts';
import { ResourceSearchRepository } from './read/resource-search.repository.ts';
import { createResourceData } from './resource.data.ts';
import { prepareResourceTypes } from './resource-collections.ts';
import { VersionWriter, type WrittenBatch } from './write/resource.writer.ts';

export const resourceFeature = defineFeature({
  collections,
  ownsOther: isResourceType,
  open(
    context: StoreContext & {
      readonly rawWrites: () => RawWrites | undefined;
      readonly onWritten?: ((batch: WrittenBatch) => void) | undefined;
    },
  ) {
    const { database } = context;
    const keptOut = new KeptOutRepository(context);
    return {
      repositories: {
        resources: new ResourceRepository(database),
        resourceSearch: new ResourceSearchRepository(database),
        resourceChanges: new ResourceChangeRepository(database, {
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
