import { connectionWork } from '@bulkhead/connections/steps';
import { documentWork } from '@bulkhead/documents/steps';
import { erasureWork } from '@bulkhead/erasure/steps';
import { endedExports, exportWork, replayFileLine } from '@bulkhead/imports/export/steps';
import { scheduleWork } from '@bulkhead/imports/schedules/steps';
import { endedSyncs, replaySearchEntry, syncWork } from '@bulkhead/imports/sync/steps';
import { webhookWork } from '@bulkhead/webhooks/steps';
import type { WorkerDeps } from './deps.ts';
import { works } from './works.ts';

/** Adds the parts of all features to the dependencies of their steps. In an erasure the connection is hidden before its work is stopped. */
export function withFeatureWork(
  given: Omit<WorkerDeps, 'work' | 'recurringJobs' | 'endedRuns' | 'replays'>,
): WorkerDeps {
  const deps = { ...given, endedRuns: [endedExports(given.store), endedSyncs(given.store)] };
  const parts = [connectionWork, scheduleWork, exportWork, syncWork, documentWork, webhookWork, erasureWork];
  return {
    ...deps,
    replays: {
      fileLine: (entry) => replayFileLine(deps, entry),
      searchEntry: (entry) => replaySearchEntry(deps, entry),
    },
    work: parts.map((part) => part(deps)),
    recurringJobs: works.filter(({ everyMs }) => everyMs !== undefined),
  };
}
