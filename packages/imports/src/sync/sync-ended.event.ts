import type { Immutable } from '@bulkhead/base';
import { instantSchema } from '@bulkhead/store';
import type { EndedRuns } from '@bulkhead/webhooks/steps';
import { z } from 'zod';
import type { SyncStore } from './sync.feature.ts';
import { syncRunSchema } from './sync-run.record.ts';
import { isSyncActive, syncRunStatus, syncRunStatuses } from './sync-run-phase.ts';
import { syncTypeCountSchema } from './sync-step.record.ts';

const { id, connectionId, scheduleId, skipped } = syncRunSchema.shape;

/** The body of the webhook that reports the end of a sync run. It contains ids and counts, and no patient data. */
export const syncEndedEventSchema = z
  .strictObject({
    type: z
      .enum(['sync-run.completed', 'sync-run.partial', 'sync-run.failed', 'sync-run.cancelled'])
      .describe('How the run ended. `partial`: some searches failed, and what succeeded is stored.'),
    timestamp: instantSchema.describe('When the run ended.'),
    data: z
      .strictObject({
        id,
        connectionId,
        scheduleId,
        status: z.enum(syncRunStatuses).describe('The final `status` of the run, as the API shows it.'),
        byType: z.array(syncTypeCountSchema).describe('The counts of each type that was searched.'),
        skipped,
        errorCode: z.string().exactOptional().describe('The code of the failure. Absent if every search completed.'),
        errorTitle: z.string().exactOptional().describe('What is wrong, in a few words for people.'),
        errorAdvice: z.string().exactOptional().describe('What to do, for people.'),
      })
      .describe('The sync run. Read its status for the details.'),
  })
  .meta({ id: 'SyncEndedEvent', description: 'An enhanced sync has ended. A retried run can end again.' });

/** What the event says about the end of the run. */
export type SyncEnd = Omit<
  z.output<typeof syncEndedEventSchema>['data'],
  'id' | 'connectionId' | 'scheduleId' | 'errorCode' | 'errorTitle' | 'errorAdvice'
>;

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
