import type { BulkExport, ExportCounts, ExportWarning, IssueCount } from '../bulk-export.record.ts';
import { type HoldReason, holdReasons, type WatermarkDecision } from '../hold-reason.ts';
import type { OutputFile } from '../output-file.record.ts';
import { everyType } from '../watermarks/watermark.ts';
import { sentSince } from './manifest-warnings.ts';

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
