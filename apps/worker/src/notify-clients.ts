import { type BulkExport, type ExportEnd, isTerminal, lacksData, publicStatus } from '@bulkhead/bulk-export';
import type { Immutable } from '@bulkhead/runtime';
import { isSyncActive, type SyncEnd, type SyncRun, syncRunStatus } from '@bulkhead/sync';
import { createDeliveries } from '@bulkhead/webhooks/steps';
import type { WorkerDeps } from './deps.ts';

/** The export or sync run that has ended. */
export interface Ended {
  readonly kind: 'bulk-export' | 'sync-run';
  readonly id: string;
}

interface Notification {
  readonly record: BulkExport | SyncRun;
  readonly type: string;
  readonly data: object;
}

/** Creates the webhook deliveries that are due after the end of an export or a sync run. Does nothing if they exist. */
export async function notifyClients(deps: WorkerDeps, ended: Ended): Promise<void> {
  const { store, now } = deps;
  const notification =
    ended.kind === 'bulk-export' ? await exportNotification(deps, ended.id) : await syncNotification(deps, ended.id);
  if (!notification) return;
  const { record, type, data } = notification;
  const { id, version, connectionId, callbackUrl, scheduleId, error, completedAt: at = now() } = record;
  const event = {
    // A retried export ends again, with a higher version.
    id: `${id}.${version}`,
    connectionId,
    type,
    at,
    data: {
      id,
      connectionId,
      ...(scheduleId === undefined ? {} : { scheduleId }),
      ...data,
      ...(error === undefined ? {} : { errorCode: error.code }),
    },
  };
  await createDeliveries(deps, { event, callbackUrl });
  await (ended.kind === 'bulk-export' ? store.bulkExports : store.syncRuns).markNotified(record);
}

async function exportNotification({ store }: WorkerDeps, id: string): Promise<Notification | undefined> {
  const record = await store.bulkExports.find(id);
  if (!record || !isTerminal(record.phase) || record.notify !== 'due') return undefined;
  const { phase, counts, warnings } = record;
  const partial = phase === 'completed' ? { partial: lacksData(record) } : {};
  const codes = warnings.map(({ code }) => code);
  const data = { status: publicStatus(phase), ...partial, counts, warnings: codes } satisfies Immutable<ExportEnd>;
  return { record, type: `bulk-export.${phase}`, data };
}

async function syncNotification({ store }: WorkerDeps, id: string): Promise<Notification | undefined> {
  const record = await store.syncRuns.find(id);
  if (!record || isSyncActive(record.phase) || record.notify !== 'due') return undefined;
  const { phase, skipped } = record;
  const byType = await store.syncSteps.sumByType(id);
  const data = { status: syncRunStatus(phase), byType, skipped } satisfies Immutable<SyncEnd>;
  return { record, type: `sync-run.${phase}`, data };
}
