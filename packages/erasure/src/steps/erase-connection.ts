import { cancelExport } from '@bulkhead/bulk-export/commands';
import { discardExport } from '@bulkhead/bulk-export/steps';
import { revoke } from '@bulkhead/connections/steps';
import { AppError } from '@bulkhead/runtime';
import { cancelSync } from '@bulkhead/sync/commands';
import type { Erasure } from '../erasure.record.ts';
import type { ErasureDeps, ErasureWork } from './deps.ts';

interface EraseConnection {
  readonly erasure: Erasure;
  readonly signal: AbortSignal;
}

/** An EHR that does not answer must not hold an erasure up. */
const ehrTimeoutMs = 60_000;

/** Erases everything that is stored of a connection, and the connection itself if it is still there. */
export function eraseConnection(deps: ErasureDeps, { erasure, signal }: EraseConnection): ErasureWork {
  const { store } = deps;
  const { connectionId } = erasure;
  return {
    async stop() {
      await stopWork(deps, connectionId);
      await tellEhr(deps, { erasure, signal });
    },
    count: () => store.connectionEraser.count(connectionId),
    pass: (onDeleted) => store.connectionEraser.erase({ connectionId, signal, onDeleted }),
  };
}

/** Without its connection a job that is started now, or a schedule, ends at once; those that run have lost their claims. */
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
  throw new AppError({ code: 'record-gone', message: 'The record was deleted meanwhile.', retry: 'never' });
}

/** It has ended by itself, or is deleted: nothing to cancel. */
function ignoreEnded(error: unknown): void {
  const code = error instanceof AppError ? error.code : undefined;
  if (code !== 'export-ended' && code !== 'sync-ended' && code !== 'record-gone') throw error;
}

/** Asks the EHR once to delete its exports and to take back the tokens: afterwards there is nothing left to ask with. */
async function tellEhr(deps: ErasureDeps, { erasure, signal }: EraseConnection): Promise<void> {
  const { store, logger } = deps;
  const { id, connectionId } = erasure;
  const deleted = await store.connections.findDeleted(connectionId);
  if (!deleted) return;
  const limited = AbortSignal.any([signal, AbortSignal.timeout(ehrTimeoutMs)]);
  const discardable = (await store.bulkExports.listDiscardable()).filter((one) => one.connectionId === connectionId);
  try {
    for (const { id: exportId } of discardable)
      await discardExport(deps, { exportId, signal: limited, retryAt: () => undefined });
    await revoke(deps, deleted.connection);
  } catch (error) {
    signal.throwIfAborted();
    logger.warn('the EHR was not told of an erasure', { connectionId, error });
    const message =
      'The EHR did not confirm that it deleted its export files and took back the tokens. They expire by themselves. To end them at once, remove the application at the EHR.';
    await store.erasures.warn({ id, code: 'ehr-not-told', message });
  }
}
