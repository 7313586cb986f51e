import { isDeepStrictEqual } from 'node:util';
import { type AppError, type ErrorCode, toKnownError } from '@bulkhead/base';
import { work } from '@bulkhead/queues';
import { type DataAmounts, isStoreUnavailable } from '@bulkhead/store';
import type { Erasure } from '../erasure.record.ts';
import { erasureError } from '../errors.ts';
import { eraseJob } from '../jobs.ts';
import type { ErasureDeps, ErasureStep, ErasureWork } from './deps.ts';
import { eraseConnection } from './erase-connection.ts';
import { erasePatient } from './erase-patient.ts';

type Deps = ErasureDeps<'auditEvents' | 'erasures' | 'features' | 'gate' | 'keptOut' | 'writingProcesses'>;

export const eraseWork = work(eraseJob, { run: runErasure });

/**
 * Runs an erasure, or continues it after an interrupted attempt. Does nothing if it is completed.
 *
 * The erasure changes from `queued` to `running` when all work for the connection was stopped. It changes to `completed` when a pass
 * finds nothing left that began after every process that could still write had confirmed the erasure (`erasure-gate.ts`). The pass also
 * begins some time after the stop, for writes that MongoDB had received from a process that no longer exists.
 */
async function runErasure(deps: Deps, { erasureId, signal, progress }: ErasureStep): Promise<void> {
  const erasure = await deps.store.erasures.find(erasureId);
  if (!erasure || erasure.phase === 'completed') return;
  try {
    await advance(deps, { erasure, signal, progress });
  } catch (error) {
    const knownError = toKnownError(error);
    // Waiting is part of the work and not an error, and what ends with an outage is nothing to repair.
    if (!waitingCodes.has(knownError.code) && !signal.aborted && !isStoreUnavailable(error)) {
      const { code, message } = knownError;
      await deps.store.erasures.noteError({ id: erasureId, error: { code, message } });
    }
    throw error;
  }
}

const waitingCodes: ReadonlySet<ErrorCode> = new Set([
  'erasure-settling',
  'erasure-waits',
  'erasure-waits-for-process',
]);

async function advance(deps: Deps, step: { readonly erasure: Erasure } & Omit<ErasureStep, 'erasureId'>) {
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
    // Before the pass, so that it finds what these processes have written.
    const waitsFor = await findWaitsFor(deps, id);
    const isLast = waitsFor.length === 0;
    if ((await work.pass({ onDeleted, isLast })) > 0) continue;
    if (!isLast) throw erasureError('erasure-waits-for-process');
    const settledAt = stoppedAt.getTime() + deps.erasureSettleMs;
    if (passStartedAt < settledAt) throw settling(settledAt - passStartedAt);
    break;
  }
  await complete(deps, erasure);
}

function workOf(deps: Deps, { erasure, signal }: { readonly erasure: Erasure; readonly signal: AbortSignal }) {
  return erasure.kind === 'connection'
    ? eraseConnection(deps, { erasure, signal })
    : erasePatient(deps, { erasure, signal });
}

async function begin(
  { store, now }: ErasureDeps<'erasures' | 'writingProcesses'>,
  { erasure, work }: { readonly erasure: Erasure; readonly work: ErasureWork },
): Promise<Erasure | undefined> {
  await work.stop();
  const change = { stoppedAt: now(), epoch: await store.writingProcesses.raiseEpoch(), found: await work.count() };
  return store.erasures.transition({ from: erasure, to: 'running', change });
}

/**
 * Writes the audit event first, so that every completed erasure is in the audit log. If a crash happens in between, the event is in the
 * log twice.
 */
async function complete(
  { store, logger, now }: ErasureDeps<'auditEvents' | 'erasures'>,
  erasure: Erasure,
): Promise<void> {
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
    unset: ['patientId', 'binaryIds', 'documentIds', 'waitsFor', 'error'],
  });
  logger.info('erasure completed', { erasureId, connectionId, kind });
}

/** @returns the processes that may still write what the erasure deletes. The record lists them, too, so that an operator sees them */
async function findWaitsFor(
  { store }: ErasureDeps<'erasures' | 'gate' | 'writingProcesses'>,
  id: string,
): Promise<NonNullable<Erasure['waitsFor']>> {
  // The last pass may have raised the epoch. Without one, all processes are waited for.
  const { epoch = Number.MAX_SAFE_INTEGER, waitsFor: listed = [] } = (await store.erasures.find(id)) ?? {};
  await store.gate.refresh();
  const processes = await store.writingProcesses.listBefore(epoch);
  const waitsFor = processes.map(({ id, kind, host, pid, reportedAt }) => ({ id, kind, host, pid, reportedAt }));
  if (!isDeepStrictEqual(waitsFor, listed)) await store.erasures.noteWaitsFor({ id, waitsFor });
  return waitsFor;
}

function sumOf(amounts: DataAmounts | undefined): number {
  return Object.values({ ...amounts?.resources, ...amounts?.records }).reduce((sum, count) => sum + count, 0);
}

function settling(afterMs: number): AppError {
  return erasureError('erasure-settling', { retry: { afterMs } });
}
