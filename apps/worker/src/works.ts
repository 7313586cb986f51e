import { type AuditHeadDeps, auditWorks } from '@bulkhead/access/audit/steps';
import { connectionWork, connectionWorks, type ProbeDeps } from '@bulkhead/connections/steps';
import { type DocumentDeps, documentWork, documentWorks, noteDocuments } from '@bulkhead/documents/steps';
import { type ErasureDeps, erasureWork, erasureWorks } from '@bulkhead/erasure/steps';
import {
  type BulkExportDeps,
  endedExports,
  exportWork,
  exportWorks,
  replayFileLine,
} from '@bulkhead/imports/export/steps';
import { type ScheduleDeps, scheduleWork, scheduleWorks } from '@bulkhead/imports/schedules/steps';
import { endedSyncs, replaySearchEntry, type SyncDeps, syncWork, syncWorks } from '@bulkhead/imports/sync/steps';
import { type HealthDeps, type HistoryDeps, monitoringWorks, type SweepDeps } from '@bulkhead/monitoring/steps';
import type { AnyWork } from '@bulkhead/queues';
import { quarantineWorks, type ReplayDeps } from '@bulkhead/records/quarantine/steps';
import type { RetainedKind, Store } from '@bulkhead/system';
import { type WebhookDeps, webhookWork, webhookWorks } from '@bulkhead/webhooks/steps';

/** The dependencies of the steps of all features. */
export interface WorkerDeps
  extends Omit<
    ProbeDeps<never> &
      DocumentDeps<never> &
      WebhookDeps<never> &
      BulkExportDeps<never> &
      SyncDeps<never> &
      ScheduleDeps<never> &
      ErasureDeps<never> &
      HealthDeps &
      HistoryDeps &
      SweepDeps &
      ReplayDeps &
      AuditHeadDeps,
    'store' | 'retentionDays'
  > {
  readonly store: Store;
  readonly retentionDays: Readonly<Record<RetainedKind, number>>;
}

/** What a worker does. */
export const works: readonly AnyWork<WorkerDeps>[] = [
  ...auditWorks,
  ...connectionWorks,
  ...documentWorks,
  ...erasureWorks,
  ...exportWorks,
  ...scheduleWorks,
  ...syncWorks,
  ...monitoringWorks,
  ...quarantineWorks,
  ...webhookWorks,
];

/**
 * Adds the parts of all features to the dependencies of their steps, and lets features follow what others write. In an erasure the connection is
 * hidden before its work is stopped.
 */
export function withFeatureWork(
  given: Omit<WorkerDeps, 'work' | 'recurringJobs' | 'endedRuns' | 'replays'>,
): WorkerDeps {
  const deps = { ...given, endedRuns: [endedExports(given.store), endedSyncs(given.store)] };
  given.store.resourceWriter.subscribe(() => noteDocuments(given));
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
