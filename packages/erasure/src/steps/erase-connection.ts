import { cancelExport } from '@bulkhead/bulk-export/commands';
import { discardExport } from '@bulkhead/bulk-export/steps';
import { revoke } from '@bulkhead/connections/steps';
import { AppError } from '@bulkhead/runtime';
import { cancelSync } from '@bulkhead/sync/commands';
import type { Erasure } from '../erasure.record.ts';
import { erasureError } from '../errors.ts';
import type { ErasureDeps, ErasureWork } from './deps.ts';

interface EraseConnection {
  readonly erasure: Erasure;
  readonly signal: AbortSignal;
}

/** An EHR that does not answer must not delay an erasure. */
const ehrTimeoutMs = 60_000;

/** Erases all stored data of a connection, and the connection itself if it still exists. */
export function eraseConnection(deps: ErasureDeps, { erasure, signal }: EraseConnection): ErasureWork {
  const { store } = deps;
  const { connectionId } = erasure;
  return {
    async stop() {
      await stopWork(deps, connectionId);
      await notifyEhr(deps, { erasure, signal });
    },
    count: () => store.connectionEraser.count(connectionId),
    pass: (options) => store.connectionEraser.erase({ connectionId, signal, ...options }),
  };
}

/** A job or a schedule that starts now ends at once, because its connection is gone. Running jobs have lost their claims. */
async function stopWork({ store, producer, now }: ErasureDeps, connectionId: string): Promise<void> {
  if (await store.connections.find(connectionId)) await store.connections.markDeleted({ id: connectionId, now: now() });
  const isOfIt = (record: { readonly connectionId: string }) => record.connectionId === connectionId;
  const schedules = await store.schedules.list({ connectionId, scope: [connectionId] });
  for (const { id: scheduleId } of schedules) await producer.unschedule('schedule.run', { scheduleId });
  for (const { id } of (await store.bulkExports.listActive()).filter(isOfIt)) {
    const find = async () => (await store.bulkExports.find(id)) ?? gone();
    await cancelExport({ store, producer, find }).catch(ignoreEnded);
  }
  for (const { id } of (await store.syncRuns.listActive()).filter(isOfIt)) {
    const find = async () => (await store.syncRuns.find(id)) ?? gone();
    await cancelSync({ store, producer, find }).catch(ignoreEnded);
  }
  await store.documents.cancelUnsettled({ connectionId, now: now() });
}

function gone(): never {
  throw erasureError('record-gone');
}

/** The run has ended or was deleted in the meantime, so there is nothing to cancel. */
function ignoreEnded(error: unknown): void {
  const code = error instanceof AppError ? error.code : undefined;
  if (code !== 'export-ended' && code !== 'sync-ended' && code !== 'record-gone') throw error;
}

/** Asks the EHR once to delete its export files and to revoke the tokens. After the erasure no credentials are left to ask with. */
async function notifyEhr(deps: ErasureDeps, { erasure, signal }: EraseConnection): Promise<void> {
  const { store, logger } = deps;
  const { id, connectionId } = erasure;
  const limited = AbortSignal.any([signal, AbortSignal.timeout(ehrTimeoutMs)]);
  const discardable = (await store.bulkExports.listDiscardable()).filter(
    (record) => record.connectionId === connectionId,
  );
  try {
    const connection = await store.connections.findEvenDeleted(connectionId);
    if (!connection) return;
    for (const { id: exportId } of discardable)
      await discardExport(deps, { exportId, signal: limited, retryAt: () => undefined });
    await revoke(deps, connection);
  } catch (error) {
    signal.throwIfAborted();
    logger.warn('the EHR was not notified of an erasure', { connectionId, error });
    const message =
      'The EHR did not confirm that it deleted its export files and revoked the tokens. Tokens expire automatically. To end them at once, remove the application at the EHR.';
    await store.erasures.warn({ id, code: 'ehr-not-told', message });
  }
}
