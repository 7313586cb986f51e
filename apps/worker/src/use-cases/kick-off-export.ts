import { AppError, type BulkExport, type Connection } from '@bulkhead/domain';
import { deleteExport, type KickOff, kickOffExport } from '@bulkhead/ehr-client';
import { connectionGone } from './connection-gone.ts';
import type { ExportStep, UseCaseDeps } from './deps.ts';
import { refreshCapabilities } from './refresh-capabilities.ts';

/** An export that the EHR does not even accept for this long is given up; see `maxExportAgeMs` for those it accepted. */
const maxKickOffAgeMs = 48 * 60 * 60_000;

/** Asks the EHR for an export and schedules its polls. Done already, or no longer wanted: does nothing. */
export async function kickOff(deps: UseCaseDeps, { exportId, signal }: ExportStep): Promise<void> {
  const { store, ehr, now } = deps;
  const found = await store.bulkExports.find(exportId);
  if (!found || (found.phase !== 'queued' && found.phase !== 'kicking-off')) return;
  if (now().getTime() - found.createdAt.getTime() > maxKickOffAgeMs) throw neverAccepted();
  const connection = await withCapabilities(deps, { connectionId: found.connectionId, signal });
  const record =
    found.phase === 'queued' ? await store.bulkExports.transition({ from: found, to: 'kicking-off' }) : found;
  if (!record) return;
  const session = ehr.session(connection);
  const started = await kickOffExport({ session, request: record.request, signal });
  const exporting = await recordStart(deps, { record, started });
  if (exporting) await schedulePolls(deps, exporting);
  else await deleteExport({ session, statusUrl: started.statusUrl, signal });
}

/** @returns undefined where the export was cancelled meanwhile. */
async function recordStart(
  { store, logger, now, pollIntervalMs }: UseCaseDeps,
  { record, started }: { readonly record: BulkExport; readonly started: KickOff },
): Promise<BulkExport | undefined> {
  const { statusUrl, droppedParameters } = started;
  const kickedOffAt = now();
  const notBefore = new Date(kickedOffAt.getTime() + pollIntervalMs);
  const change = { statusUrl, droppedParameters, kickedOffAt, notBefore };
  // Before anything else: until then only the server knows of its export.
  const exporting = await store.bulkExports.transition({ from: record, to: 'exporting', change });
  for (const parameter of droppedParameters) {
    const message = `The EHR does not support ${parameter}; the export was made without it.`;
    await store.bulkExports.warn({ id: record.id, code: 'parameter-dropped', message });
  }
  logger.info('export kicked off', { exportId: record.id, droppedParameters });
  return exporting;
}

/** One job scheduler per export: its iterations survive crashes, where a job that adds itself again would not. */
export async function schedulePolls({ producer, pollIntervalMs }: UseCaseDeps, record: BulkExport): Promise<void> {
  await producer.schedule({
    name: 'export.poll',
    payload: { exportId: record.id },
    everyMs: pollIntervalMs,
    ...(record.notBefore ? { startAt: record.notBefore } : {}),
  });
}

/** The export level depends on what the server offers. */
async function withCapabilities(
  deps: UseCaseDeps,
  { connectionId, signal }: { readonly connectionId: string; readonly signal: AbortSignal },
): Promise<Connection> {
  const connection = await deps.store.connections.find(connectionId);
  if (!connection) throw connectionGone();
  return connection.capabilities ? connection : refreshCapabilities(deps, { connection, signal });
}

function neverAccepted(): AppError {
  return new AppError({
    code: 'kick-off-timeout',
    message:
      "The EHR did not accept the export for 48 hours. See whether another export is stuck there, or ask the EHR's support.",
    retry: 'never',
  });
}
