import type { Manifest } from '@bulkhead/ehr-client';
import { scopeCovers } from '@bulkhead/fhir';
import type { BulkExport, ExportWarning } from '../bulk-export.record.ts';
import type { OutputFile } from '../output-file.record.ts';
import { clockToleranceMs, unknownType } from '../watermarks/watermark.ts';

/** Whether the server does not know `_type`, so that types that were not asked for are left at the server by us. */
export function isFilteredHere({ request, droppedParameters }: BulkExport): boolean {
  return request.resourceTypes.length > 0 && droppedParameters.includes('_type');
}

/** Whether the server would not send a type even if there were resources of it. */
function isTypeWithheld(record: BulkExport, resourceType: string): boolean {
  const { grantedScope } = record;
  if (refusedTypes(record).includes(resourceType)) return true;
  return grantedScope !== undefined && !scopeCovers({ scope: grantedScope, resourceType });
}

/** The `_since` that the server followed. Undefined: everything was asked for. */
export function sentSince({ request, droppedParameters }: BulkExport): string | undefined {
  return droppedParameters.includes('_since') ? undefined : request.since;
}

/** The types that the server refused by name. */
export function refusedTypes({ droppedParameters }: BulkExport): string[] {
  return droppedParameters.flatMap((name) => /^_type=(.+)/.exec(name)?.[1] ?? []);
}

/** What a manifest lacks, or has too much. */
export function manifestWarnings(options: {
  readonly record: BulkExport;
  readonly manifest: Manifest;
  readonly files: readonly OutputFile[];
  readonly now: Date;
  /** Whether an earlier export of the connection has stored something. */
  readonly hasEarlier: boolean;
}): ExportWarning[] {
  const { record, manifest, files, now, hasEarlier } = options;
  const { unreadableEntries, transactionTime, hasDeletedList } = manifest;
  const asked = record.request.resourceTypes;
  const output = files.filter(({ section }) => section === 'output');
  const came = new Set(output.map(({ type }) => type).filter((type) => type !== unknownType));
  const untyped = output.filter(({ type }) => type === unknownType).length;
  const unasked = asked.length === 0 ? [] : [...came].filter((type) => !asked.includes(type));
  const absent = asked.filter((type) => !came.has(type));
  const withheld = absent.filter((type) => isTypeWithheld(record, type));
  // Where only changes were asked for, a type without any is the rule.
  const missing =
    record.request.since === undefined && untyped === 0 ? absent.filter((type) => !withheld.includes(type)) : [];
  const stored = isFilteredHere(record) ? 'they were not downloaded' : 'they are stored';
  return [
    warning(
      unreadableEntries > 0,
      'manifest-entries',
      `${unreadableEntries} entries of the manifest have no usable URL and could not be downloaded. No watermark advances.`,
    ),
    warning(
      untyped > 0,
      'types-unknown',
      `${untyped} files have no type that FHIR R4 knows. Each resource is stored under the type that it names itself.`,
    ),
    warning(
      Date.parse(transactionTime) > now.getTime() + clockToleranceMs,
      'time-implausible',
      "The EHR gave a transaction time in the future. The resources are stored, but no watermark advances. Compare the EHR's clock with yours.",
    ),
    warning(
      sentSince(record) === undefined && hasEarlier,
      'deletions-not-listed',
      'A full export lists no deletions, so resources that were deleted at the EHR since the last export stay stored here.',
    ),
    warning(
      // A full export lists no deletions (FHIR Bulk Data, "Response - Complete Status").
      sentSince(record) !== undefined && !hasDeletedList,
      'deletions-not-listed',
      'The EHR does not list deletions, so resources that were deleted there stay stored here.',
    ),
    warning(
      unasked.length > 0,
      'types-not-asked',
      `The EHR also sent types that were not asked for; ${stored}: ${unasked.join(', ')}.`,
    ),
    warning(
      missing.length > 0,
      'types-missing',
      `The EHR sent no file of ${missing.join(', ')}: the practice has none, or its settings keep them back.`,
    ),
    warning(
      withheld.length > 0,
      'types-withheld',
      `The EHR does not give ${withheld.join(', ')}: the granted scopes do not cover it, or the EHR does not export it. ` +
        'Ask for the scope, or leave the type out of the request. Its watermark stays.',
    ),
  ].flat();
}

function warning(applies: boolean, code: string, message: string): ExportWarning[] {
  return applies ? [{ code, message }] : [];
}
