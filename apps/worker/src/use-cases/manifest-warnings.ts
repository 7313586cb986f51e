import type { BulkExport, ExportWarning, OutputFile } from '@bulkhead/domain';
import { scopeCovers } from '@bulkhead/fhir';

/** Whether the server does not know `_type`, so that types that were not asked for are left at the server by us. */
export function isFilteredHere({ request, droppedParameters }: BulkExport): boolean {
  return request.resourceTypes.length > 0 && droppedParameters.includes('_type');
}

/** Whether the server would not send a type even if there were resources of it. */
export function isTypeWithheld({ droppedParameters, grantedScope }: BulkExport, resourceType: string): boolean {
  if (droppedParameters.includes(`_type=${resourceType}`)) return true;
  return grantedScope !== undefined && !scopeCovers({ scope: grantedScope, resourceType });
}

/** What a manifest lacks, or has too much. */
export function manifestWarnings(options: {
  readonly record: BulkExport;
  readonly files: readonly OutputFile[];
  readonly unreadableEntries: number;
}): ExportWarning[] {
  const { record, files, unreadableEntries } = options;
  const asked = record.request.resourceTypes;
  const output = files.filter(({ section }) => section === 'output');
  const came = new Set(output.map(({ type }) => type));
  const unasked = asked.length === 0 ? [] : [...came].filter((type) => !asked.includes(type));
  const absent = asked.filter((type) => !came.has(type));
  const withheld = absent.filter((type) => isTypeWithheld(record, type));
  // Where only changes were asked for, a type without any is the rule.
  const missing = record.request.since === undefined ? absent.filter((type) => !withheld.includes(type)) : [];
  const stored = isFilteredHere(record) ? 'they were not downloaded' : 'they are stored';
  return [
    warning(
      unreadableEntries > 0,
      'manifest-entries',
      `${unreadableEntries} entries of the manifest have no usable URL and could not be downloaded. No watermark advances.`,
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
