import type { RawWrites, StoreContext } from '@bulkhead/store';
import { KeptOutRepository } from './kept-out.repository.ts';
import { createResourceData } from './resource.data.ts';
import { ResourceRepository } from './resource.repository.ts';
import { VersionWriter } from './resource.writer.ts';
import { createResourceChanges } from './resource-changes.ts';
import { prepareResourceTypes } from './resource-collections.ts';
import { readTombstonesDeletedBefore } from './retain-tombstones.ts';

export type ResourceStore = ReturnType<typeof createResourceStore>['repositories'];

export function createResourceStore(context: StoreContext & { readonly rawWrites: () => RawWrites | undefined }) {
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
}
