import { isUncovered } from '@bulkhead/fhir';
import type { BulkExport, ExportCounts, ExportWarning, IssueCount } from './bulk-export.record.ts';
import type { OutputFile } from './output-file.record.ts';
import { sentSince } from './sent-request.ts';
import { everyType, type HoldReason, holdReasons, type WatermarkDecision } from './watermarks/watermark.record.ts';

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

export function when(applies: boolean, warning: ExportWarning): ExportWarning[] {
  return applies ? [warning] : [];
}

/**
 * Says why the EHR refuses files although their links are fresh, for all files of this cause. The scopes that the token has are known, and
 * what else the EHR may want is not.
 */
export function describeDenied(options: {
  readonly types: readonly string[];
  readonly grantedScope: string | undefined;
}): string {
  const { types, grantedScope: scope } = options;
  const uncovered = types.filter((resourceType) => isUncovered({ scope, resourceType }));
  const others = types.filter((type) => !uncovered.includes(type));
  const version = scope?.includes('.rs') ? 'rs' : 'read';
  return [
    `The EHR refuses files of ${types.join(', ')} (403), also with the links that its manifest names now.`,
    ...(uncovered.length > 0
      ? [
          `The granted scopes do not cover ${uncovered.join(', ')}: add ${uncovered.map((type) => `system/${type}.${version}`).join(' ')} to the application at the EHR, test the connection, which requests a new token, and retry the export.`,
        ]
      : []),
    ...(others.length > 0
      ? [
          `Nothing is known against ${others.join(', ')}: verify that the practice has granted access to the application. An operator can read what the EHR said.`,
        ]
      : []),
  ].join(' ');
}
