import type { WarningCode } from '@bulkhead/base';
import type { Manifest } from '@bulkhead/ehr';
import { isTooFarAhead } from '@bulkhead/fhir';
import type { BulkExport, ExportCounts, ExportWarning, IssueCount } from '../bulk-export.record.ts';
import { describeDenied } from '../download/denied-files.ts';
import type { OutputFile } from '../download/output-file.record.ts';
import { isFilteredHere, isTypeWithheld, sentSince } from '../sent-request.ts';
import { sliceRequest } from '../slices/slice.ts';
import { type HoldReason, holdReasons, type WatermarkDecision } from '../watermarks/hold-reason.ts';
import { everyType } from '../watermarks/watermark.record.ts';
import { unknownType } from '../watermarks/watermark.ts';

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
  const { unreadableEntries, transactionTime, hasDeletedList } = manifest;
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
    warning(
      unreadableEntries > 0,
      'manifest-entries',
      `${unreadableEntries} entries of the manifest have no usable URL, so their files could not be downloaded. No watermark advances.`,
    ),
    warning(
      untyped > 0,
      'types-unknown',
      `${untyped} files have no FHIR R4 type in the manifest. Each resource is stored under the type that it has itself.`,
    ),
    warning(
      isTooFarAhead(new Date(transactionTime), now),
      'time-implausible',
      "The EHR gave a transaction time in the future. The resources are stored, but no watermark advances. Compare the EHR's clock with yours.",
    ),
    warning(
      // A full export never lists deletions (FHIR Bulk Data, "Response - Complete Status"). Who asked for the changes does not expect one.
      record.request.sinceLast === true && sentSince(record) === undefined && hasEarlier && hadAny,
      'deletions-not-listed',
      'This export requests all data and lists no deletions, so resources that were deleted at the EHR since the last export stay stored here. The next export with since `last` asks for these deletions.',
    ),
    warning(
      sentSince(record) !== undefined && !hasDeletedList,
      'deletions-not-listed',
      'The EHR does not list deletions, so resources that were deleted there stay stored here.',
    ),
    warning(
      notRequested.length > 0,
      'types-not-asked',
      `The EHR also sent types that were not requested: ${notRequested.join(', ')}. ${result}`,
    ),
    warning(
      missing.length > 0,
      'types-missing',
      `The EHR sent no file of ${missing.join(', ')}. The practice has no such resources, or its settings withhold them.`,
    ),
    warning(
      withheld.length > 0,
      'types-withheld',
      `The EHR does not provide ${withheld.join(', ')}. The granted scopes do not cover it, or the EHR does not export it. ` +
        'Request the scope, or leave the type out of the request. Its watermark does not advance.',
    ),
  ].flat();
}

function warning(applies: boolean, code: WarningCode, message: string): ExportWarning[] {
  return applies ? [{ code, message }] : [];
}

/** With fewer resources, a practice in which little has changed looks the same. */
const minComparedResources = 50;
/** Even if exports overlap generously, less than nine tenths of a day's changes are repetitions. */
const ignoredRatio = 0.9;

/** Whether nearly everything in an export since the last one was stored already. */
export function isRepetition({ record, counts }: { readonly record: BulkExport; readonly counts: ExportCounts }) {
  const isFromLast = sentSince(record) !== undefined && record.request.sinceLast === true;
  const { stored, unchanged } = counts;
  return isFromLast && stored >= minComparedResources && unchanged >= stored * ignoredRatio;
}

/** Reasons that the operator has chosen, or that the warning about a refused or withheld type says already. */
const knownReasons: ReadonlySet<HoldReason> = new Set([
  'type-filter',
  'gap',
  'type-refused',
  'not-granted',
  'not-offered',
]);

/** Warns about the result of an export whose files are settled. */
export function endWarnings(options: {
  readonly record: BulkExport;
  readonly files: readonly OutputFile[];
  readonly counts: ExportCounts;
  readonly issues: readonly IssueCount[];
  readonly decisions: readonly WatermarkDecision[];
  /** Whether the server has sent again what was stored here before `_since`. */
  readonly ignoresSince: boolean;
}): ExportWarning[] {
  const { record, files, counts, issues, decisions, ignoresSince } = options;
  const { quarantined, stored, unchanged, notAsked = 0 } = counts;
  const sumOf = (name: 'setBack' | 'contradictions') =>
    files.reduce((sum, { checkpoint }) => sum + (checkpoint[name] ?? 0), 0);
  const [setBack, contradictions] = [sumOf('setBack'), sumOf('contradictions')];
  const failed = files.filter(({ state }) => state === 'failed');
  const incomplete = incompleteByType(files);
  // What is known already needs no second warning. The decisions in the status show it.
  const heldDecisions = decisions.filter(({ reasons }) => reasons.some((reason) => !knownReasons.has(reason)));
  const has = (reason: HoldReason) => decisions.some(({ reasons }) => reasons.includes(reason));
  return [
    ...failedByCause({ failed, record }),
    ...issues.map(({ severity, code, count, mentionedTypes = [] }) => ({
      code: 'reported-by-ehr' as const,
      message: `The EHR reported ${count} problems with its export: ${severity}, ${code}.${mentionedTypes.length > 0 ? ` They mention ${mentionedTypes.join(', ')}.` : ''}`,
    })),
    ...files.flatMap(otherCount),
    ...when(quarantined > 0, {
      code: 'lines-quarantined',
      message:
        quarantined === 1
          ? '1 line was not a usable resource, so it was quarantined. `counts.quarantined` is the number of lines that are still open.'
          : `${quarantined} lines were not usable resources, so they were quarantined. \`counts.quarantined\` is the number of lines that are still open.`,
    }),
    ...when(setBack > 0, {
      code: 'versions-set-back',
      message: `${setBack} resources have an earlier time at the EHR than the version that was stored here. The version of the EHR is stored now. Either the EHR restored a backup, or its clock was ahead before.`,
    }),
    ...when(contradictions > 0, {
      code: 'deletions-contradicted',
      message: `The EHR sent ${contradictions} resources and also listed them as deleted, in one export. They stay stored. Ask the EHR's support which is right.`,
    }),
    ...when(incomplete.size > 0, {
      code: 'versions-incomplete',
      message: `The EHR sent later versions that are marked as incomplete (SUBSETTED): ${listOf(incomplete)}. The complete earlier versions stay stored. Ask the EHR's support why.`,
    }),
    ...when(has('nothing-received'), {
      code: 'nothing-received',
      message:
        record.isOfGroup === true || record.request.exportType === 'Group'
          ? 'The EHR sent no resources. The group has no members or does not exist. Verify the group id of the connection.'
          : 'The EHR sent no resources. Verify what the granted scopes cover.',
    }),
    ...when(notAsked > 0, {
      code: 'patients-not-asked',
      message: `The EHR sent ${notAsked} resources of patients who were not requested, so it seems to ignore \`patient\`. They were not stored.`,
    }),
    ...when(ignoresSince, {
      code: 'since-ignored',
      message: `The EHR seems to ignore \`_since\`: ${unchanged} of ${stored} resources had not changed since the last export.`,
    }),
    ...when(heldDecisions.length > 0, {
      code: 'watermarks-held',
      message: `${reasonsOf(heldDecisions)} The next export with since "last" requests ${namesOf(heldDecisions)} again from the same time as this one.`,
    }),
  ];
}

function incompleteByType(files: readonly OutputFile[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { type, checkpoint } of files) {
    const { incomplete = 0 } = checkpoint;
    if (incomplete > 0) counts.set(type, (counts.get(type) ?? 0) + incomplete);
  }
  return counts;
}

function listOf(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([type, count]) => `${count} ${type}`).join(', ');
}

/** One warning for each cause, however many files it concerns. */
export function failedByCause({
  failed,
  record,
}: {
  readonly failed: readonly OutputFile[];
  readonly record: BulkExport;
}) {
  return [...Map.groupBy(failed, ({ error }) => error?.code)].map(([code, files]) => {
    const types = [...new Set(files.map(({ type }) => type))];
    const count = `${files.length} ${files.length === 1 ? 'file' : 'files'}`;
    const reason =
      code === 'file-not-allowed'
        ? describeDenied({ types, grantedScope: record.grantedScope })
        : `${files[0]?.error?.message ?? 'The error of each file explains why.'} Types: ${types.join(', ')}.`;
    return { code: 'files-failed' as const, message: `${count} could not be stored. ${reason}` };
  });
}

function otherCount({ id, type, promisedCount, receivedCount, checkpoint }: OutputFile): ExportWarning[] {
  return when(receivedCount !== undefined, {
    code: 'count-mismatch',
    message: `The manifest promises ${promisedCount} resources in the ${type} file ${id}, but two downloads had ${receivedCount}. ${checkpoint.stored} of them are stored.`,
  });
}

function namesOf(decisions: readonly WatermarkDecision[]): string {
  return decisions.map(({ resourceType }) => (resourceType === everyType ? 'every type' : resourceType)).join(', ');
}

function reasonsOf(decisions: readonly WatermarkDecision[]): string {
  const reasons = new Set(decisions.flatMap(({ reasons }) => reasons));
  return [...reasons].map((reason) => holdReasons[reason]).join(' ');
}

function when(applies: boolean, warning: ExportWarning): ExportWarning[] {
  return applies ? [warning] : [];
}
