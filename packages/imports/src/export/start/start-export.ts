import type { IdempotencyService } from '@bulkhead/access/idempotency/commands';
import { createSharedWait, keepFor, throwUnavailable, unavailable } from '@bulkhead/base';
import type { ConnectionStore } from '@bulkhead/connections';
import type { ConnectionService } from '@bulkhead/connections/commands';
import type { ProviderRegistry } from '@bulkhead/ehr/providers';
import type { Producer } from '@bulkhead/queues';
import type { ConnectionScope } from '@bulkhead/store';
import { checkCallback, type WebhookAddresses } from '@bulkhead/webhooks/commands';
import type { BulkExport } from '../bulk-export.record.ts';
import type { BulkExportStore } from '../export.feature.ts';
import { kickOffJob } from '../jobs.ts';
import { requestKey } from '../sent-request.ts';
import type { BulkExportBody } from './export-request.schema.ts';
import { type Idempotency, type NewExport, newExport, reserveExport } from './new-export.ts';

export interface StartRequest {
  readonly provider: string;
  readonly body: BulkExportBody;
  readonly scope: ConnectionScope;
  readonly idempotency?: Idempotency | undefined;
  /** Who starts it: the name of an API key. */
  readonly by?: string | undefined;
}

export interface StartedExport {
  readonly record: BulkExport;
  /** An earlier request with the same Idempotency-Key has started the export. */
  readonly isRepeated: boolean;
}

export type StartExport = (request: StartRequest) => Promise<StartedExport>;

/** A kick-off takes some hundred milliseconds. The POST waits for it, because its response has a `statusUrl` in the guide. */
const defaultKickOffWaitMs = 5000;

/** One check a second costs nothing. If an outage begins after it, the stored export is withdrawn. */
const queueCheckMs = 1000;

/**
 * Returns the command that stores an export, enqueues its kick-off and waits some seconds for it. If the request is repeated with the same
 * Idempotency-Key, the export that the first one started is returned.
 * @throws AppError `unknown-provider`, `unknown-connection`, `unknown-cohort`, `export-already-running`, `idempotency-key-reused`, `unavailable`
 */
export function createStartExport(options: {
  readonly store: BulkExportStore & Pick<ConnectionStore, 'connections'>;
  readonly producer: Producer;
  readonly connections: ConnectionService;
  readonly idempotency: IdempotencyService;
  readonly registry: ProviderRegistry;
  readonly addresses: WebhookAddresses;
  /** How long a start waits for its kick-off. Tests without a worker do not wait. */
  readonly kickOffWaitMs?: number | undefined;
}): StartExport {
  const { store, producer, connections, idempotency: service, registry, addresses } = options;
  const { kickOffWaitMs = defaultKickOffWaitMs } = options;
  const checkQueue = keepFor(queueCheckMs, () => producer.checkWritable());
  const waitForKickOff = createSharedWait({ readReady: (ids) => store.bulkExports.findKickedOff(ids) });

  return async ({ provider: named, body, scope, idempotency, by }) => {
    const { provider } = await connections.find({ provider: named, id: body.connectionId, scope });
    await checkCallback({ store, addresses, ...body });
    // Redis may be unavailable or store nothing. Then nothing is stored here either.
    await checkQueue().catch(throwUnavailable);
    const created = await newExport({ store, provider: registry.get(provider), body });
    const isStored = async (id: string) => (await store.bulkExports.find(id)) !== undefined;
    const content = [provider, body] as const;
    const { record, isRepeated, release } = await reserveExport({ service, idempotency, content, created, isStored });
    if (!isRepeated) {
      try {
        await accept({ store, producer, record, by });
      } catch (error) {
        await release();
        throw error;
      }
    }
    const current = (await waitForKickOff(record.id, kickOffWaitMs)) ?? (await store.bulkExports.find(record.id));
    return { record: current ?? record, isRepeated };
  };
}

async function accept(options: {
  readonly store: BulkExportStore;
  readonly producer: Producer;
  readonly record: NewExport;
  readonly by: string | undefined;
}): Promise<void> {
  const { store, producer, record, by } = options;
  await store.bulkExports.insert({ record, requestKey: requestKey(record.request), by });
  try {
    await producer.enqueue(kickOffJob, { exportId: record.id });
  } catch (cause) {
    await withdraw(store, record);
    throw unavailable(cause);
  }
}

/** The client gets an error, so the export must not run. If this update fails too, the sweep runs the export, so it is not lost. */
async function withdraw(store: BulkExportStore, from: NewExport): Promise<void> {
  const message = 'The queue was unavailable when the export was requested. Start the export again.';
  const change = { error: { code: 'unavailable' as const, message }, completedAt: new Date() };
  await store.bulkExports.transition({ from, to: 'failed', change });
}
