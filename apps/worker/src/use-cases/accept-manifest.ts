import { type BulkExport, emptyCheckpoint, type OutputFile } from '@bulkhead/domain';
import type { Manifest } from '@bulkhead/ehr-client';
import { isResourceType, type ManifestEntry } from '@bulkhead/fhir';
import type { UseCaseDeps } from './deps.ts';
import { isFilteredHere, manifestWarnings } from './manifest-warnings.ts';

/** Writes the ledger, then starts the downloads. Each step can be repeated: a crash in between loses nothing. */
export async function acceptManifest(
  { store, producer, logger, now }: UseCaseDeps,
  { record, manifest }: { readonly record: BulkExport; readonly manifest: Manifest },
): Promise<void> {
  const { id: exportId } = record;
  const { transactionTime, requiresAccessToken, unreadableEntries } = manifest;
  const files = manifest.entries.map((entry, index) => toOutputFile({ record, manifest, entry, index }));
  await store.prepareResourceTypes([...new Set(files.map(({ type }) => type).filter(isStorable))]);
  await store.outputFiles.insertMissing(files);
  for (const warning of manifestWarnings({ record, files, unreadableEntries })) {
    await store.bulkExports.warn({ id: exportId, ...warning });
  }
  const counts = await store.outputFiles.sum(exportId);
  const change = { transactionTime, requiresAccessToken, counts, manifestGaps: unreadableEntries };
  if (!(await store.bulkExports.transition({ from: record, to: 'downloading', change }))) {
    const current = await store.bulkExports.find(exportId);
    // The ledger came after the cancellation had been through it.
    if (current?.phase === 'cancelled') await store.outputFiles.cancelUnsettled({ exportId, now: now() });
    return;
  }
  logger.info('export ready', { exportId, count: files.length });
  await producer.addExportFlow({ exportId, fileIds: await store.outputFiles.listUnsettledIds(exportId) });
  await producer.unschedule('export.poll', { exportId });
}

function toOutputFile(options: {
  readonly record: BulkExport;
  readonly manifest: Manifest;
  readonly entry: ManifestEntry;
  readonly index: number;
}): OutputFile {
  const { record, manifest, entry, index } = options;
  const { section, type, url, count } = entry;
  const file: OutputFile = {
    // The place in the manifest is the identity: reading it again after a crash finds the same entries.
    id: `${record.id}.${String(index).padStart(5, '0')}`,
    exportId: record.id,
    connectionId: record.connectionId,
    section,
    type,
    url,
    requiresAccessToken: manifest.requiresAccessToken,
    ...(count === undefined ? {} : { promisedCount: count }),
    state: 'pending',
    checkpoint: emptyCheckpoint,
    attempts: 0,
  };
  if (section === 'output' && isFilteredHere(record) && !record.request.resourceTypes.includes(type)) {
    return { ...file, state: 'skipped' };
  }
  if (section !== 'output' || isStorable(type)) return file;
  // A collection is named after the type, so a name that is no type must never get there.
  const message = 'The manifest names a type that FHIR R4 does not have, so the file was not downloaded.';
  return { ...file, state: 'failed', error: { code: 'unknown-type', message } };
}

function isStorable(type: string): boolean {
  return isResourceType(type);
}
