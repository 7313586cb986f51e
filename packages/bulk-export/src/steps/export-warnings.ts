import type { Manifest } from '@bulkhead/ehr-client';
import { scopeCovers } from '@bulkhead/fhir';
import type { BulkExport, ExportCounts, ExportWarning, IssueCount } from '../bulk-export.record.ts';
import { type HoldReason, holdReasons, type WatermarkDecision } from '../hold-reason.ts';
import type { OutputFile } from '../output-file.record.ts';
import { clockToleranceMs, everyType, unknownType } from '../watermarks/watermark.ts';

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

/** With fewer resources, a practice where nothing else changed looks the same. */
const fewestToJudge = 50;
/** A day's changes are never nine tenths repetitions, even with a generous overlap. */
const ignoredRatio = 0.9;

const chosenReasons: ReadonlySet<HoldReason> = new Set(['type-filter', 'gap']);

/** What an operator has to know about an export whose files are settled. */
export function endWarnings(options: {
  readonly record: BulkExport;
  readonly files: readonly OutputFile[];
  readonly counts: ExportCounts;
  readonly issues: readonly IssueCount[];
  readonly decisions: readonly WatermarkDecision[];
}): ExportWarning[] {
  const { record, files, counts, issues, decisions } = options;
  const { quarantined, stored, unchanged } = counts;
  const failed = files.filter(({ state }) => state === 'failed');
  const isFromLast = sentSince(record) !== undefined && record.request.sinceLast === true;
  // What the operator chose needs no warning; the decisions in the status show it.
  const held = decisions.filter(({ reasons }) => reasons.some((reason) => !chosenReasons.has(reason)));
  const has = (reason: HoldReason) => decisions.some(({ reasons }) => reasons.includes(reason));
  return [
    ...when(failed.length > 0, {
      code: 'files-failed',
      message: `${failed.length} files could not be stored. Each file's state says why. Retry the export to fetch them again.`,
    }),
    ...issues.map(({ severity, code, count }) => ({
      code: 'reported-by-ehr',
      message: `The EHR reported ${count} problems of its own with the export: ${severity}, ${code}.`,
    })),
    ...files.flatMap(otherCount),
    ...when(quarantined > 0, {
      code: 'lines-quarantined',
      message: `${quarantined} lines are not usable resources. They are kept in the quarantine.`,
    }),
    ...when(has('nothing-received'), {
      code: 'nothing-received',
      message:
        record.isOfGroup === true || record.request.exportType === 'Group'
          ? 'The EHR sent no resource at all: the group has no members or does not exist. Verify the group id of the connection.'
          : 'The EHR sent no resource at all. Verify what the granted scopes cover.',
    }),
    ...when(isFromLast && stored >= fewestToJudge && unchanged >= stored * ignoredRatio, {
      code: 'since-ignored',
      message: `The EHR seems to ignore \`_since\`: ${unchanged} of ${stored} resources had not changed since the last export.`,
    }),
    ...when(held.length > 0, {
      code: 'watermarks-held',
      message: `The next export with since "last" starts where this one did, for ${namesOf(held)}. ${reasonsOf(held)}`,
    }),
  ];
}

function otherCount({ id, type, promisedCount, receivedCount, checkpoint }: OutputFile): ExportWarning[] {
  return when(receivedCount !== undefined, {
    code: 'count-mismatch',
    message: `The manifest promises ${promisedCount} resources in the ${type} file ${id}, but two downloads had ${receivedCount}. ${checkpoint.stored} of them are stored.`,
  });
}

function namesOf(held: readonly WatermarkDecision[]): string {
  return held.map(({ resourceType }) => (resourceType === everyType ? 'every type' : resourceType)).join(', ');
}

function reasonsOf(held: readonly WatermarkDecision[]): string {
  const found = new Set(held.flatMap(({ reasons }) => reasons));
  return [...found].map((reason) => holdReasons[reason]).join(' ');
}

function when(applies: boolean, warning: ExportWarning): ExportWarning[] {
  return applies ? [warning] : [];
}
