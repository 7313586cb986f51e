import { createHash } from 'node:crypto';
import {
  type BulkExport,
  isSyncActive,
  isTerminal,
  publicStatus,
  type SyncRun,
  syncRunStatus,
  type WebhookDelivery,
} from '@bulkhead/domain';
import type { UseCaseDeps } from './deps.ts';

/** What has ended: an export or a sync run, by its id. */
export interface Ended {
  readonly kind: 'bulk-export' | 'sync-run';
  readonly id: string;
}

interface Event {
  readonly record: BulkExport | SyncRun;
  readonly type: string;
  readonly data: object;
}

/** Lays out the calls that the end of an export or a sync run is due, one for each address. Done already: does nothing. */
export async function notifyClients(deps: UseCaseDeps, ended: Ended): Promise<void> {
  const { store, producer } = deps;
  const event = ended.kind === 'bulk-export' ? await exportEvent(deps, ended.id) : await syncEvent(deps, ended.id);
  if (!event) return;
  const { record } = event;
  const connection = await store.connections.find(record.connectionId);
  const urls = new Set([record.callbackUrl, connection?.webhookUrl].filter((url) => url !== undefined));
  for (const url of urls) {
    const delivery = toDelivery({ event, url, now: deps.now() });
    await store.webhookDeliveries.insertMissing(delivery);
    await producer.enqueue('webhook.deliver', { deliveryId: delivery.id });
  }
  await (ended.kind === 'bulk-export' ? store.bulkExports : store.syncRuns).markNotified(record);
}

async function exportEvent({ store }: UseCaseDeps, id: string): Promise<Event | undefined> {
  const record = await store.bulkExports.find(id);
  if (!record || !isTerminal(record.phase) || record.notify !== 'due') return undefined;
  const { connectionId, phase, counts, error, warnings } = record;
  const errorCode = error ? { errorCode: error.code } : {};
  const data = {
    id,
    connectionId,
    status: publicStatus(phase),
    counts,
    warnings: warnings.map(({ code }) => code),
    ...errorCode,
  };
  return { record, type: `bulk-export.${phase}`, data };
}

async function syncEvent({ store }: UseCaseDeps, id: string): Promise<Event | undefined> {
  const record = await store.syncRuns.find(id);
  if (!record || isSyncActive(record.phase) || record.notify !== 'due') return undefined;
  const { connectionId, phase, error, skipped } = record;
  const counts = await store.syncSteps.sumByType(id);
  const errorCode = error ? { errorCode: error.code } : {};
  const data = { id, connectionId, status: syncRunStatus(phase), byType: counts, skipped, ...errorCode };
  return { record, type: `sync-run.${phase}`, data };
}

function toDelivery({
  event,
  url,
  now,
}: {
  readonly event: Event;
  readonly url: string;
  readonly now: Date;
}): WebhookDelivery {
  const { record, type, data } = event;
  const address = createHash('sha256').update(url).digest('hex').slice(0, 8);
  return {
    // A retried export ends again, under a higher version.
    id: `${record.id}.${record.version}.${address}`,
    connectionId: record.connectionId,
    url,
    type,
    body: JSON.stringify({ type, timestamp: (record.completedAt ?? now).toISOString(), data }),
    state: 'pending',
    attempts: [],
    createdAt: now,
  };
}
