import type { QuarantineStore } from '@bulkhead/records/quarantine';
import { defineFeature, type RepositoriesOf, type StoreContext } from '@bulkhead/store';
import { collections } from './collections.ts';
import { CrawlMarkRepository } from './crawl-mark.repository.ts';
import { createSyncData } from './sync.data.ts';
import { SyncRunRepository } from './sync-run.repository.ts';
import { SyncStepRepository } from './sync-step.repository.ts';

export const syncFeature = defineFeature({
  collections,
  open(context: StoreContext & QuarantineStore) {
    const { database, quarantine } = context;
    const repositories = {
      syncRuns: new SyncRunRepository(context),
      syncSteps: new SyncStepRepository(context),
      crawlMarks: new CrawlMarkRepository(context),
    };
    return { repositories, data: () => createSyncData({ database, quarantine, ...repositories }) };
  },
});

export type SyncStore = RepositoriesOf<typeof syncFeature>;
