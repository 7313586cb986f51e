import type { QuarantineStore } from '@bulkhead/records/quarantine';
import type { StoreContext } from '@bulkhead/store';
import { CrawlMarkRepository } from './crawl-mark.repository.ts';
import { createSyncData } from './sync.data.ts';
import { SyncRunRepository } from './sync-run.repository.ts';
import { SyncStepRepository } from './sync-step.repository.ts';

export type SyncStore = ReturnType<typeof createSyncStore>['repositories'];

export function createSyncStore(context: StoreContext & QuarantineStore) {
  const { database, quarantine } = context;
  const repositories = {
    syncRuns: new SyncRunRepository(context),
    syncSteps: new SyncStepRepository(context),
    crawlMarks: new CrawlMarkRepository(context),
  };
  return { repositories, data: createSyncData({ database, quarantine, ...repositories }) };
}
