import { present, toEhrText } from '@bulkhead/base';
import type { Manifest } from '@bulkhead/ehr';
import type { ManifestEntry } from '@bulkhead/fhir';
import { isTooFarAhead } from '@bulkhead/fhir';
import type { BulkExport, ExportWarning } from '../bulk-export.record.ts';
import type { BulkExportDeps } from '../export-deps.ts';
import { when } from '../export-warnings.ts';
import { downloadJob, finalizeJob } from '../jobs.ts';
import { ledgerType, toLedgerEntries } from '../ledger-entries.ts';
import { emptyCheckpoint, type OutputFile } from '../output-file.record.ts';
import { sliceRequest } from '../patients/slice.ts';
import { isFilteredHere, isTypeWithheld, sentSince } from '../sent-request.ts';
import { unknownType } from '../watermarks/watermark.ts';

/**
 * Writes the ledger, then starts the downloads. Every step can be repeated, so a crash in between loses nothing. If two attempts
 * overlap, only the one whose manifest is accepted removes entries of the other.
 */
export async function acceptManifest(
  { store, producer, logger, now }: BulkExportDeps<'bulkExports' | 'outputFiles' | 'prepareResourceTypes'>,
  { record, manifest }: { readonly record: BulkExport & { readonly phase: 'exporting' }; readonly manifest: Manifest },
): Promise<void> {
  const { id: exportId } = record;
  const { transactionTime, requiresAccessToken, unreadableEntries } = manifest;
  const files = toLedgerEntries(manifest.entries).map((entry, position) =>
    toOutputFile({ record, manifest, ...entry, position }),
  );
  await store.prepareResourceTypes([...new Set(files.map(({ type }) => type).filter((type) => type !== unknownType))]);
  const addedIds = await store.outputFiles.insertMissing(files);
  const hasEarlier = await store.bulkExports.hasEarlier(record);
  for (const warning of manifestWarnings({ record, manifest, files, now: now(), hasEarlier })) {
    await store.bulkExports.warn({ id: exportId, ...warning });
  }
  const counts = await store.outputFiles.sum(exportId);
  const since = new Date(sentSince(record) ?? 0);
  const accepted = {
    readyAt: record.readyAt ?? now(),
    transactionTime,
    clockWentBack: hasMovedOn(await store.bulkExports.findClockGoneBack(record, since), transactionTime),
    requiresAccessToken,
    counts,
    manifestGaps: unreadableEntries,
    manifestFiles: files.length,
  };
  const unset = ['retrying'] as const;
  if (!(await store.bulkExports.transition({ from: record, to: 'downloading', change: accepted, unset }))) {
    const current = await store.bulkExports.find(exportId);
    // The ledger was written after the cancellation had cancelled its files.
    if (current?.phase === 'cancelled') await store.outputFiles.cancelUnsettled({ exportId, now: now() });
    else await removeLate(store, { addedIds, current, record });
    return;
  }
  if ((await store.outputFiles.removeOthers(record, new Set(files.map(({ id }) => id)))) > 0) {
    const change = { counts: await store.outputFiles.sum(exportId) };
    await store.bulkExports.update({ id: exportId, phase: 'downloading', change });
  }
  logger.info('export ready', { exportId, count: files.length });
  const fileIds = await store.outputFiles.listUnsettledIds(exportId);
  // That of an earlier slice, or of an attempt before a retry.
  await producer.forgetFinished(finalizeJob, { exportId });
  await producer.addFlow({
    parent: { job: finalizeJob, payload: { exportId } },
    children: { job: downloadJob, payloads: fileIds.map((fileId) => ({ exportId, fileId })) },
    // All exports of a connection share its part of the workers.
    ahead: await countFilesAhead(store, record),
  });
}

/**
 * Whether an EHR whose clock went back has a clock that runs. One that gives the same or an earlier time again answers from an old copy of its data,
 * and what that contains must not replace newer versions.
 */
function hasMovedOn(earlier: BulkExport | undefined, transactionTime: string): boolean {
  return earlier !== undefined && new Date(earlier.transactionTime ?? 0) < new Date(transactionTime);
}

/**
 * Removes the entries that this attempt has added after another one had accepted a manifest with other links. Otherwise an export that
 * has ended would have files that are never downloaded. If all files of the accepted manifest are in the ledger besides the added ones,
 * none of the added ones is among them.
 */
async function removeLate(
  { outputFiles }: BulkExportDeps<'outputFiles'>['store'],
  options: {
    readonly addedIds: readonly string[];
    readonly current: BulkExport | undefined;
    readonly record: BulkExport;
  },
): Promise<void> {
  const { addedIds, current, record } = options;
  if (addedIds.length === 0 || !current) return;
  // The slice has ended, so all of its files were in the ledger.
  if (current.slice !== record.slice) return outputFiles.removeUnstarted(addedIds);
  if (current.manifestFiles === undefined) return;
  const otherFiles = (await outputFiles.countOfSlice(current)) - addedIds.length;
  if (otherFiles === current.manifestFiles) await outputFiles.removeUnstarted(addedIds);
}

/**
 * Counts the files that the connection's other exports must still download. All exports of a connection share its part of the
 * workers.
 */
async function countFilesAhead(
  store: BulkExportDeps<'bulkExports' | 'outputFiles'>['store'],
  { id, connectionId }: BulkExport,
): Promise<number> {
  const otherExports = (await store.bulkExports.listActive()).filter(
    (record) => record.connectionId === connectionId && record.id !== id && record.phase === 'downloading',
  );
  let count = 0;
  for (const record of otherExports) count += await store.outputFiles.countUnsettled(record.id);
  return count;
}

function toOutputFile(options: {
  readonly record: BulkExport;
  readonly manifest: Manifest;
  readonly entry: ManifestEntry;
  readonly identity: string;
  readonly position: number;
}): OutputFile {
  const { record, manifest, entry, identity, position } = options;
  const { section, url, count } = entry;
  const type = section === 'output' ? ledgerType(entry.type) : entry.type;
  // If the server does not know `_type`, files of other types are skipped. A file of unknown type may have requested types.
  const isUnwanted =
    section === 'output' &&
    isFilteredHere(record) &&
    type !== unknownType &&
    !record.request.resourceTypes.includes(type);
  return {
    // The exports of two slices can have files with the same path.
    id: [record.id, ...(record.slice ? [record.slice] : []), identity].join('.'),
    exportId: record.id,
    connectionId: record.connectionId,
    exportVersion: record.version,
    ...present({ slice: record.slice }),
    section,
    type,
    ...(entry.types === undefined ? {} : { listedTypes: entry.types }),
    url,
    requiresAccessToken: manifest.requiresAccessToken,
    ...(count === undefined ? {} : { promisedCount: count }),
    position,
    state: isUnwanted ? 'skipped' : 'pending',
    checkpoint: emptyCheckpoint,
    attempts: 0,
  };
}

/** Warns about a manifest that lacks something, or has more than was requested. */
export function manifestWarnings(options: {
  readonly record: BulkExport;
  readonly manifest: Manifest;
  readonly files: readonly OutputFile[];
  readonly now: Date;
  /** Whether an earlier export of the connection has stored something. */
  readonly hasEarlier: boolean;
}): ExportWarning[] {
  const { record, manifest, files, now, hasEarlier } = options;
  const { unreadableEntries, statedErrors, transactionTime, hasDeletedList } = manifest;
  const requested = record.request.resourceTypes;
  const output = files.filter(({ section }) => section === 'output');
  const received = new Set(output.map(({ type }) => type).filter((type) => type !== unknownType));
  const untyped = output.filter(({ type }) => type === unknownType).length;
  const notRequested = requested.length === 0 ? [] : [...received].filter((type) => !requested.includes(type));
  // The warning of the kick-off names the refused types.
  const refused = record.sent?.refusedTypes ?? [];
  const absent = requested.filter((type) => !received.has(type) && !refused.includes(type));
  const withheld = absent.filter((type) => isTypeWithheld(record, type));
  // If only changes were requested, types without files are normal.
  const isFull = sliceRequest(record).since === undefined;
  const missing = isFull && untyped === 0 ? absent.filter((type) => !withheld.includes(type)) : [];
  const result = isFilteredHere(record) ? 'They were not downloaded.' : 'They are stored.';
  const hadAny = record.storedBefore?.length !== 0;
  return [
    ...when(unreadableEntries > 0, {
      code: 'manifest-entries',
      message: `${unreadableEntries} entries of the manifest have no usable URL, so their files could not be downloaded. No watermark advances.`,
      ...present({ ehrText: toEhrText(statedErrors.join('; ')) }),
    }),
    ...when(untyped > 0, {
      code: 'types-unknown',
      message: `${untyped} files have no FHIR R4 type in the manifest. Each resource is stored under the type that it has itself.`,
    }),
    ...when(isTooFarAhead(new Date(transactionTime), now), {
      code: 'time-implausible',
      message:
        "The EHR gave a transaction time in the future. The resources are stored, but no watermark advances. Compare the EHR's clock with yours.",
    }),
    ...when(
      // A full export never lists deletions (FHIR Bulk Data, "Response - Complete Status"). Who asked for the changes does not expect one.
      record.request.sinceLast === true && sentSince(record) === undefined && hasEarlier && hadAny,
      {
        code: 'deletions-not-listed',
        message:
          'This export requests all data and lists no deletions, so resources that were deleted at the EHR since the last export stay stored here. The next export with since `last` asks for these deletions.',
      },
    ),
    ...when(sentSince(record) !== undefined && !hasDeletedList, {
      code: 'deletions-not-listed',
      message: 'The EHR does not list deletions, so resources that were deleted there stay stored here.',
    }),
    ...when(notRequested.length > 0, {
      code: 'types-not-asked',
      message: `The EHR also sent types that were not requested: ${notRequested.join(', ')}. ${result}`,
    }),
    ...when(missing.length > 0, {
      code: 'types-missing',
      message: `The EHR sent no file of ${missing.join(', ')}. The practice has no such resources, or its settings withhold them.`,
    }),
    ...when(withheld.length > 0, {
      code: 'types-withheld',
      message:
        `The EHR does not provide ${withheld.join(', ')}. The granted scopes do not cover it, or the EHR does not export it. ` +
        'Request the scope, or leave the type out of the request. Its watermark does not advance.',
    }),
  ];
}
