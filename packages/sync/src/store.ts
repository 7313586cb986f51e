import type { QuarantineStore } from '@bulkhead/quarantine';
import type { StoreContext } from '@bulkhead/store';
import { createCrawlMarkRepository } from './crawl-mark.repository.ts';
import { createSyncData } from './sync.data.ts';
import { createSyncRunRepository } from './sync-run.repository.ts';
import { createSyncStepRepository } from './sync-step.repository.ts';

export type SyncStore = ReturnType<typeof createSyncStore>['repositories'];

export function createSyncStore(context: StoreContext & QuarantineStore) {
  const { database, quarantine } = context;
  const repositories = {
    syncRuns: createSyncRunRepository(context),
    syncSteps: createSyncStepRepository(context),
    crawlMarks: createCrawlMarkRepository(context),
  };
  return { repositories, data: createSyncData({ database, quarantine, ...repositories }) };
}
