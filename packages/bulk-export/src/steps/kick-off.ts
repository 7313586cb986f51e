import { setTimeout } from 'node:timers/promises';
import { withCapabilities } from '@bulkhead/connections/steps';
import { EhrHttpError, type EhrSession, type KickOff, kickOffExport } from '@bulkhead/ehr-client';
import type { BulkExportRequest } from '@bulkhead/fhir';
import type { Connection } from '@bulkhead/providers';
import type { RetryAt } from '@bulkhead/queues';
import { AppError, nextRetrying, toKnownError } from '@bulkhead/runtime';
import { untilStored, whileLeased } from '@bulkhead/store';
import type { BulkExport } from '../bulk-export.record.ts';
import { sinceLast } from '../watermarks/watermark.ts';
import type { BulkExportDeps, ExportStep } from './deps.ts';
import { coversNow } from './finalize-export.ts';
import { planPoll } from './poll-delay.ts';

/** An export that the EHR does not even accept for this long is given up; see `maxExportAgeMs` for those it accepted. */
const maxKickOffAgeMs = 48 * 60 * 60_000;

/** The job `export.kick-off`: if it will run again, the export shows why it waits. */
export async function kickOffAndNoteRetry(
  deps: BulkExportDeps,
  { exportId, signal, retryAt }: ExportStep & { readonly retryAt: RetryAt },
): Promise<void> {
  try {
    await kickOff(deps, { exportId, signal });
  } catch (error) {
    const nextAttemptAt = retryAt(error);
    if (nextAttemptAt !== undefined) await noteRetry(deps, { exportId, error, nextAttemptAt });
    throw error;
  }
}

/**
 * Asks the EHR for an export and schedules its polls. Done already, or no longer wanted: does nothing. Under a lease, since
 * two jobs of an export can meet (after a loss of Redis, or a lost lock) and each would start one.
 * @throws AppError `kick-off-under-way`
 */
export async function kickOff(deps: BulkExportDeps, step: ExportStep): Promise<void> {
  const ran = await whileLeased({
    leases: deps.store.exportLeases,
    id: step.exportId,
    run: () => kickOffOnce(deps, step),
  });
  if (!ran) throw underWay();
}

async function kickOffOnce(deps: BulkExportDeps, { exportId, signal }: ExportStep): Promise<void> {
  const { store, ehr, producer, now } = deps;
  const found = await store.bulkExports.find(exportId);
  if (!found || (found.phase !== 'queued' && found.phase !== 'kicking-off')) return;
  if (now().getTime() - (found.retriedAt ?? found.createdAt).getTime() > maxKickOffAgeMs) throw neverAccepted();
  // A retry gets a new manifest, and the old ledger would keep its files from being read.
  if (found.phase === 'queued' && found.retriedAt !== undefined) await discardLedger(deps, exportId);
  const connection = await withCapabilities(deps, { connectionId: found.connectionId, signal });
  const record =
    found.phase === 'queued' ? await store.bulkExports.transition({ from: found, to: 'kicking-off' }) : found;
  if (!record || (await isStoredMeanwhile(deps, record))) return;
  const session = ehr.session(connection);
  const grantedScope = await session.readGrantedScope(signal);
  const request = await withSafeSince(deps, { record, connection, grantedScope });
  const started = await sendKickOff(deps, { record: { ...record, request }, session, signal });
  const exporting = await recordStart(deps, { record, started, grantedScope, signal });
  if (exporting) return schedulePolls(deps, exporting);
  // It was cancelled, failed or kicked off by another attempt meanwhile, so the server's export is of no use.
  const { statusUrl } = started;
  await untilStored(() => store.bulkExports.addOrphan({ id: exportId, statusUrl }), signal);
  await producer.enqueueAgain('export.discard', { exportId });
}

async function discardLedger({ store }: BulkExportDeps, exportId: string): Promise<void> {
  for (const { id, checkpoint } of await store.outputFiles.listByExport(exportId))
    if (checkpoint.quarantined > 0) await store.quarantine.deleteByFile(id);
  await store.outputFiles.removeByExport(exportId);
}

/**
 * The request with the `since` that leaves no history out. An export of every type continues from the last one only if that one
 * brought all that this one can: after a scope is widened, or the server offers another type, everything is due again.
 */
async function withSafeSince(
  { store, now }: BulkExportDeps,
  options: {
    readonly record: BulkExport;
    readonly connection: Connection;
    readonly grantedScope: string | undefined;
  },
): Promise<BulkExportRequest> {
  const { record, connection, grantedScope } = options;
  const { id, connectionId, request } = record;
  const { exportType, resourceTypes, since, ...others } = request;
  if (since === undefined || request.sinceLast !== true || resourceTypes.length > 0) return request;
  const offered = connection.capabilities?.resourceTypes ?? [];
  const today = { ...(grantedScope === undefined ? {} : { scope: grantedScope }), offered };
  const watermarks = await store.watermarks.list({ connectionId, exportType });
  const last = sinceLast({ resourceTypes, watermarks, now: now(), covers: coversNow(today) });
  if (last.since !== undefined) return request;
  const message =
    'The granted scopes or the types that the EHR offers have grown since the last export of every type, so this one asks for everything.';
  await store.bulkExports.warn({ id, code: 'since-last-full', message });
  const full = { exportType, resourceTypes, ...others };
  await store.bulkExports.update({ id, phase: 'kicking-off', change: { request: full } });
  return full;
}

/** The database answers now, so another attempt that has an answer and lives stores it within its next try (3.5 s). */
const storeGraceMs = 6000;

/** An earlier attempt has sent the kick-off: whether it is only that the database was away that its answer is not stored. */
async function isStoredMeanwhile({ store }: BulkExportDeps, { id, kickOffSentAt }: BulkExport): Promise<boolean> {
  if (kickOffSentAt === undefined) return false;
  await setTimeout(storeGraceMs);
  return (await store.bulkExports.find(id))?.phase !== 'kicking-off';
}

/** The specification knows no way to repeat a kick-off without a second export, so a lost answer is said. */
async function sendKickOff(
  { store, now }: BulkExportDeps,
  options: { readonly record: BulkExport; readonly session: EhrSession; readonly signal: AbortSignal },
): Promise<KickOff> {
  const { record, session, signal } = options;
  const { id, request } = record;
  if (record.kickOffSentAt) {
    const message =
      'The answer to a kick-off was lost, so it was sent again: the EHR may run the export twice. Nothing is stored twice.';
    await store.bulkExports.warn({ id, code: 'kick-off-repeated', message });
  }
  await store.bulkExports.update({ id, phase: 'kicking-off', change: { kickOffSentAt: now() } });
  let isSent = false;
  const onSend = () => {
    isSent = true;
  };
  try {
    return await kickOffExport({ session, request, signal, onSend });
  } catch (error) {
    // An error response proves that no export was started. A timeout does not.
    const isAnswer = error instanceof EhrHttpError || (error instanceof AppError && error.code !== 'ehr-unreachable');
    if (isAnswer || !isSent) await store.bulkExports.update({ id, phase: 'kicking-off', unset: ['kickOffSentAt'] });
    throw error;
  }
}

/** @returns undefined where the export was cancelled meanwhile. */
async function recordStart(
  { store, logger, now, pollIntervalMs }: BulkExportDeps,
  options: {
    readonly record: BulkExport;
    readonly started: KickOff;
    readonly grantedScope: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<BulkExport | undefined> {
  const { record, started, grantedScope, signal } = options;
  const { statusUrl, droppedParameters } = started;
  const kickedOffAt = now();
  const change = {
    statusUrl,
    droppedParameters,
    isOfGroup: started.isOfGroup,
    kickedOffAt,
    ...planPoll({ now: kickedOffAt, waitMs: pollIntervalMs }),
    ...(grantedScope === undefined ? {} : { grantedScope }),
  };
  // Before anything else: until then only the server knows of its export, and without the URL it could not be asked about.
  const exporting = await untilStored(
    () => store.bulkExports.transition({ from: record, to: 'exporting', change, unset: ['retrying'] }),
    signal,
  );
  for (const dropped of droppedParameters) {
    await store.bulkExports.warn({ id: record.id, code: 'parameter-dropped', message: describeDropped(dropped) });
  }
  logger.info('export kicked off', { exportId: record.id, droppedParameters });
  return exporting;
}

function describeDropped(dropped: string): string {
  if (dropped === 'GET' || dropped === 'POST') {
    return `The EHR takes no kick-off by ${dropped}; the export was asked for by the other method.`;
  }
  const type = /^_type=(.+)/.exec(dropped)?.[1];
  if (type) return `The EHR does not export ${type}; the export was made without that type.`;
  return `The EHR does not support ${dropped}; the export was made without it.`;
}

/** One job scheduler per export: its iterations survive crashes, where a job that adds itself again would not. */
export async function schedulePolls(
  { producer, pollIntervalMs, now }: BulkExportDeps,
  { id }: BulkExport,
): Promise<void> {
  await producer.schedule({
    name: 'export.poll',
    payload: { exportId: id },
    everyMs: pollIntervalMs,
    // `notBefore` can be later than that: until then an iteration looks and returns.
    startAt: new Date(now().getTime() + pollIntervalMs),
  });
}

/** Shows why an export that is not accepted yet does not progress, and when it is tried again. */
async function noteRetry(
  { store, now }: BulkExportDeps,
  options: { readonly exportId: string; readonly error: unknown; readonly nextAttemptAt: Date },
): Promise<void> {
  const { exportId: id, error, nextAttemptAt } = options;
  const record = await store.bulkExports.find(id);
  if (!record || (record.phase !== 'queued' && record.phase !== 'kicking-off')) return;
  const known = toKnownError(error);
  if (known.code === 'kick-off-under-way') return;
  const retrying = nextRetrying({ before: record.retrying, error: known, now: now(), nextAttemptAt });
  await store.bulkExports.update({ id, phase: record.phase, change: { retrying } });
}

function underWay(): AppError {
  return new AppError({
    code: 'kick-off-under-way',
    message: 'Another worker is kicking this export off. This job looks again whether it is done.',
    retry: { afterMs: 5000 },
  });
}

function neverAccepted(): AppError {
  return new AppError({
    code: 'kick-off-timeout',
    message:
      "The EHR did not accept the export for 48 hours. See whether another export is stuck there, or ask the EHR's support.",
    retry: 'never',
  });
}
