import type { JobContext } from '@bulkhead/queues';
import { AppError, toKnownError } from '@bulkhead/runtime';
import type { DataAmounts, Erasure } from '../erasure.record.ts';
import type { ErasureDeps, ErasureWork } from './deps.ts';
import { eraseConnection } from './erase-connection.ts';
import { erasePatient } from './erase-patient.ts';

interface ErasureStep {
  readonly erasureId: string;
  readonly signal: AbortSignal;
  readonly progress: JobContext['progress'];
}

/**
 * Runs an erasure, or continues it after an interrupted attempt. Does nothing if it is completed.
 *
 * The erasure changes from `queued` to `running` when all work for the connection was stopped. It changes to `completed` when a pass
 * finds nothing left and that pass began late enough to find a batch that was still being written when the work was stopped.
 */
export async function runErasure(deps: ErasureDeps, { erasureId, signal, progress }: ErasureStep): Promise<void> {
  const erasure = await deps.store.erasures.find(erasureId);
  if (!erasure || erasure.phase === 'completed') return;
  try {
    await advance(deps, { erasure, signal, progress });
  } catch (error) {
    const knownError = toKnownError(error);
    // Waiting is part of the work and not an error.
    if (knownError.code !== 'erasure-settling' && knownError.code !== 'erasure-waits' && !signal.aborted) {
      const { code, message } = knownError;
      await deps.store.erasures.noteError({ id: erasureId, error: { code, message } });
    }
    throw error;
  }
}

async function advance(deps: ErasureDeps, step: { readonly erasure: Erasure } & Omit<ErasureStep, 'erasureId'>) {
  const { store, now } = deps;
  const { signal, progress } = step;
  const work = workOf(deps, step);
  const erasure = step.erasure.phase === 'running' ? step.erasure : await begin(deps, { erasure: step.erasure, work });
  // Another job was faster and continues.
  if (!erasure) return;
  const { id, stoppedAt = now() } = erasure;
  const total = sumOf(erasure.found);
  let deleted = sumOf(erasure.deleted);
  const onDeleted = async (amounts: DataAmounts): Promise<void> => {
    await store.erasures.addDeleted({ id, amounts });
    deleted += sumOf(amounts);
    progress(total > 0 ? Math.min((deleted / total) * 100, 100) : undefined);
  };
  for (;;) {
    signal.throwIfAborted();
    const passStartedAt = now().getTime();
    if ((await work.pass(onDeleted)) > 0) continue;
    const settledAt = stoppedAt.getTime() + deps.erasureSettleMs;
    if (passStartedAt < settledAt) throw settling(settledAt - passStartedAt);
    break;
  }
  await complete(deps, erasure);
}

function workOf(deps: ErasureDeps, { erasure, signal }: { readonly erasure: Erasure; readonly signal: AbortSignal }) {
  return erasure.kind === 'connection'
    ? eraseConnection(deps, { erasure, signal })
    : erasePatient(deps, { erasure, signal });
}

async function begin(
  { store, now }: ErasureDeps,
  { erasure, work }: { readonly erasure: Erasure; readonly work: ErasureWork },
): Promise<Erasure | undefined> {
  await work.stop();
  const change = { stoppedAt: now(), found: await work.count() };
  return store.erasures.transition({ from: erasure, to: 'running', change });
}

/**
 * Writes the audit event first, so that every completed erasure is in the audit log. If a crash happens in between, the event is in the
 * log twice.
 */
async function complete({ store, logger, now }: ErasureDeps, erasure: Erasure): Promise<void> {
  const { id: erasureId, kind, connectionId, patientId, found, requestedBy } = erasure;
  await store.auditEvents.append({
    actor: requestedBy,
    action: `${kind}.erased`,
    target: { connectionId, erasureId },
    ...(patientId === undefined ? {} : { patients: [patientId] }),
    outcome: 'success',
    counts: { ...found?.resources, ...found?.records },
  });
  await store.erasures.transition({
    from: erasure,
    to: 'completed',
    change: { completedAt: now() },
    unset: ['patientId', 'error'],
  });
  logger.info('erasure completed', { erasureId, connectionId, kind });
}

function sumOf(amounts: DataAmounts | undefined): number {
  return Object.values({ ...amounts?.resources, ...amounts?.records }).reduce((sum, count) => sum + count, 0);
}

function settling(afterMs: number): AppError {
  return new AppError({
    code: 'erasure-settling',
    message: 'All data is deleted. A last pass will delete what was still being written.',
    retry: { afterMs },
  });
}
