import type { Immutable } from '@bulkhead/base';
import type { EndedRuns } from '@bulkhead/webhooks/steps';
import type { SyncStore } from '../sync.feature.ts';
import type { SyncEnd } from '../sync-ended.event.ts';
import { isSyncActive, syncRunStatus } from '../sync-run-phase.ts';

export function endedSyncs({ syncRuns, syncSteps }: Pick<SyncStore, 'syncRuns' | 'syncSteps'>): EndedRuns {
  return {
    kind: 'sync-run',
    async find(id) {
      const record = await syncRuns.find(id);
      if (!record || isSyncActive(record) || record.notify !== 'due') return undefined;
      const { phase, skipped } = record;
      const byType = await syncSteps.sumByType(id);
      const data = { status: syncRunStatus(phase), byType, skipped } satisfies Immutable<SyncEnd>;
      return { ...record, type: `sync-run.${phase}`, data };
    },
    async markNotified(run) {
      for (const records of [syncSteps, syncRuns]) await records.forgetKeptOut(run);
      await syncRuns.markNotified(run);
    },
  };
}
