/*
 * A watermark says up to which transactionTime everything of a type is stored. It is kept for each connection, export level and type.
 * An export with `since: "last"` starts at it.
 *
 * - `decideWatermarks` runs when all files of an export are settled. It advances a watermark only if the export's data is accounted for
 *   (`reasonsForAll`, `reasonsForType`) and joins the data that was stored before (`joinsStoredData`). Any doubt holds the watermark, and
 *   the reason is shown to the operator.
 * - `sinceLast` finds the start of the next export: the oldest watermark of its types.
 *
 * Deletions have a time of their own (`deletionsAt`), because an export of everything lists none: it moves the watermark over deletions that
 * no export has listed. The next export starts at the earlier of both times.
 *
 * An export that names no types keeps one more watermark, `everyType`. It counts for the types that its coverage names, which are those that were
 * sent to the server. If a server accepts a type that it refused before, the watermark moves without this type (`addedTypes`), and the next export
 * requests everything.
 *
 *   stored before     ──────────────┤ watermark
 *   next export              ├──────────────┤ transactionTime     `since` <= watermark: no gap, the watermark advances
 *   next export                       ├─────────┤                 `since` > watermark: a gap, the watermark stays
 */

import { present } from '@bulkhead/base';
import type { BulkExportRequest } from '@bulkhead/fhir';
import { coversAllOf, coversType, isNarrowed, isTooFarAhead } from '@bulkhead/fhir';
import type { IssueCount } from '../bulk-export.record.ts';
import type { OutputFile } from '../output-file.record.ts';
import {
  type Coverage,
  everyType,
  type HoldReason,
  holdReasons,
  type Watermark,
  type WatermarkDecision,
} from './watermark.record.ts';

export type SettledFile = Pick<
  OutputFile,
  'section' | 'state' | 'type' | 'listedTypes' | 'promisedCount' | 'receivedCount' | 'checkpoint'
>;

/** What is known of an export whose files are settled. */
export interface ExportEvidence {
  readonly request: Omit<BulkExportRequest, 'since' | 'sinceLast'>;
  /** The `_since` that the server applied. Undefined if everything was requested. */
  readonly since: string | undefined;
  readonly transactionTime: string;
  readonly now: Date;
  readonly manifestGaps: number;
  readonly files: readonly SettledFile[];
  /** See `findMissingTypes`. */
  readonly missingTypes?: readonly string[];
  /** See `addedTypes`. */
  readonly addedTypes?: readonly string[];
  /** Types that the server refused by name. */
  readonly refusedTypes: readonly string[];
  /** Whether the token's scopes cover a type. */
  readonly isGranted: (resourceType: string) => boolean;
  /** The types of the CapabilityStatement. Empty if they are unknown. */
  readonly offeredTypes: readonly string[];
  /** The export was made through a Group, even if another level was requested. */
  readonly isOfGroup: boolean;
  /** The export was of listed patients. */
  readonly hasList?: boolean;
  readonly watermarks: readonly Mark[];
  readonly covers: MarkSearch['covers'];
}

type Mark = Pick<Watermark, 'resourceType' | 'transactionTime' | 'at' | 'deletionsAt' | 'coverage'>;

/**
 * Decides about the watermark of each requested type or, if the request names none, of each received type and of `everyType`. A watermark
 * advances only if everything up to it is proved to be accounted for. Any doubt holds it.
 */
export function decideWatermarks(evidence: ExportEvidence): WatermarkDecision[] {
  const { request, files } = evidence;
  const sharedReasons = reasonsForAll(evidence);
  const receivedTypes = typesReceived(files);
  const { missingTypes = [], addedTypes: added = [] } = evidence;
  const types =
    request.resourceTypes.length > 0 ? request.resourceTypes : [...receivedTypes, ...missingTypes, ...added, everyType];
  return [...new Set(types)].map((resourceType) => {
    const reasons = new Set([...sharedReasons, ...reasonsForType({ evidence, resourceType, receivedTypes })]);
    return {
      resourceType,
      reasons: (Object.keys(holdReasons) as HoldReason[]).filter((reason) => reasons.has(reason)),
    };
  });
}

/** The type of a file whose manifest entry has no type that FHIR knows. Its lines may have any type. */
export const unknownType = 'Resource';

function reasonsForAll(evidence: ExportEvidence): HoldReason[] {
  const { request, transactionTime, now, manifestGaps, files, since } = evidence;
  const output = outputOf(files);
  const isEmpty = since === undefined && !output.some(({ checkpoint }) => checkpoint.lines > 0);
  return [
    ...when(isNarrowed(request), 'type-filter'),
    ...when(isTooFarAhead(new Date(transactionTime), now), 'time-implausible'),
    ...when(manifestGaps > 0, 'manifest-gaps'),
    ...when(
      output.some((file) => file.type === unknownType && isUnsettled(file)),
      'files-failed',
    ),
    ...when(files.some(isUnreadErrorFile), 'errors-unread'),
    ...when(files.some(isUnreadDeletedFile), 'deletions-unread'),
    ...when(
      errorsOf(files).some(({ types }) => types === undefined),
      'errors-reported',
    ),
    ...when((isEmpty && evidence.isOfGroup) || lacksListedPatients(evidence), 'nothing-received'),
  ];
}

/** Each listed patient has a Patient. A server that sends none has not understood the list, or took one type of several. */
function lacksListedPatients({ request, since, files, hasList = false }: ExportEvidence): boolean {
  if (!hasList || since !== undefined) return false;
  const isAsked = request.resourceTypes.length === 0 || request.resourceTypes.includes('Patient');
  return isAsked && !outputOf(files).some((file) => typesIn(file).includes('Patient') && file.checkpoint.lines > 0);
}

function reasonsForType(options: {
  readonly evidence: ExportEvidence;
  readonly resourceType: string;
  readonly receivedTypes: readonly string[];
}): HoldReason[] {
  const { evidence, resourceType, receivedTypes } = options;
  const { files, missingTypes = [], refusedTypes, isGranted, offeredTypes, since } = evidence;
  const isEvery = resourceType === everyType;
  const ownFiles = outputOf(files).filter((file) => isEvery || typesIn(file).includes(resourceType));
  const concerns = ({ types = [] }: IssueCount) => isEvery || types.includes(resourceType);
  // A received type is evidently granted and offered, even if the scopes or the CapabilityStatement do not name it.
  const mayBeWithheld = !isEvery && !receivedTypes.includes(resourceType);
  return [
    ...when(ownFiles.some(isUnsettled), 'files-failed'),
    ...when(
      outputOf(files).some((file) => lacksListed(file, resourceType)),
      'listed-not-received',
    ),
    ...when(
      ownFiles.some(({ receivedCount }) => receivedCount !== undefined),
      'count-mismatch',
    ),
    ...when(errorsOf(files).some(concerns), 'errors-reported'),
    ...when(
      isEvery && !ownFiles.some(({ checkpoint }) => checkpoint.lines > 0) && since === undefined,
      'nothing-received',
    ),
    ...when(isEvery ? missingTypes.length > 0 : missingTypes.includes(resourceType), 'type-missing'),
    ...when(refusedTypes.includes(resourceType), 'type-refused'),
    ...when(mayBeWithheld && !isGranted(resourceType), 'not-granted'),
    ...when(mayBeWithheld && offeredTypes.length > 0 && !offeredTypes.includes(resourceType), 'not-offered'),
    ...when(!joinsStoredData({ ...evidence, resourceType }), 'gap'),
  ];
}

function when(applies: boolean, reason: HoldReason): HoldReason[] {
  return applies ? [reason] : [];
}

function outputOf(files: readonly SettledFile[]): SettledFile[] {
  return files.filter(({ section, state }) => section === 'output' && state !== 'skipped');
}

/** The types of the files of resources. */
export function typesReceived(files: readonly SettledFile[]): string[] {
  return [...new Set(outputOf(files).flatMap(typesIn))].filter((type) => type !== unknownType);
}

/** A file of unknown type has the types that its lines had. */
function typesIn({ type, checkpoint }: SettledFile): readonly string[] {
  return type === unknownType ? [unknownType, ...(checkpoint.types ?? [])] : [type];
}

function lacksListed({ listedTypes = [], checkpoint }: SettledFile, resourceType: string): boolean {
  const { types = [] } = checkpoint;
  if (resourceType === everyType) return listedTypes.some((type) => !types.includes(type));
  return listedTypes.includes(resourceType) && !types.includes(resourceType);
}

function isUnsettled({ state }: SettledFile): boolean {
  return state !== 'completed';
}

/** If an announced list of errors is empty, what went wrong is unknown. */
function isUnreadErrorFile(file: SettledFile): boolean {
  if (file.section !== 'error') return false;
  return isUnsettled(file) || (file.checkpoint.issues.length === 0 && file.promisedCount !== 0);
}

function isUnreadDeletedFile(file: SettledFile): boolean {
  if (file.section !== 'deleted') return false;
  const { lines, unreadableDeletions = 0 } = file.checkpoint;
  return isUnsettled(file) || unreadableDeletions > 0 || (lines === 0 && file.promisedCount !== 0);
}

/** The issues that report a loss, from `error` files and from OperationOutcomes among resources. */
function errorsOf(files: readonly SettledFile[]): IssueCount[] {
  return files.flatMap(({ checkpoint }) => checkpoint.issues).filter(reportsLoss);
}

/**
 * The codes of FHIR's IssueType with which a server says that its answer lacks something. It may call that a warning. These are `transient`
 * with its children, and `too-costly` (https://hl7.org/fhir/R4/valueset-issue-type.html).
 */
const lossCodes: ReadonlySet<string> = new Set([
  'exception',
  'incomplete',
  'lock-error',
  'no-store',
  'throttled',
  'timeout',
  'too-costly',
  'transient',
]);

function reportsLoss({ severity, code }: IssueCount): boolean {
  if (code === 'informational') return false;
  return lossCodes.has(code) || (severity !== 'warning' && severity !== 'information');
}

/** What is needed to find a type's last watermark. */
export interface MarkSearch {
  readonly watermarks: readonly Mark[];
  readonly now: Date;
  /** Whether an export of every type with this coverage contained a type or, for `everyType`, all types that one contains today. */
  readonly covers: (coverage: Coverage, resourceType: string) => boolean;
}

/**
 * Finds the start of the next export of these types, so that neither a change nor a deletion is missed: the oldest of their watermarks.
 * @returns `since` is undefined if a type has no watermark. Then everything must be exported, and `unknown` names those types.
 * `storedUntil` leaves deletions out
 */
export function sinceLast({ resourceTypes, ...search }: MarkSearch & { readonly resourceTypes: readonly string[] }) {
  const types = resourceTypes.length > 0 ? resourceTypes : [everyType];
  const marks = types.map((type) => markOf(type, search));
  const unknown = types.filter((_, index) => marks[index] === undefined);
  if (unknown.length > 0) return { since: undefined, storedUntil: undefined, unknown };
  const oldest = marks.reduce((left, right) => (left && right && left.at <= right.at ? left : right));
  const deletions = types.map((type) => deletionsAppliedUntil(type, search)?.getTime() ?? 0);
  const deletionsAt = new Date(Math.min(...deletions));
  const isAhead = oldest !== undefined && deletionsAt < oldest.at;
  return {
    since: isAhead ? deletionsAt.toISOString() : oldest?.transactionTime,
    storedUntil: oldest?.at,
    unknown,
  };
}

/**
 * The `deletionsAt` of a type after an export that ends at `at`.
 * @param options.hadStored whether anything of the type was stored before the export
 * @param options.connectedAt when the connection was created. Nothing was stored before, so no earlier deletion matters
 */
export function nextDeletionsAt(
  options: MarkSearch & {
    readonly resourceType: string;
    readonly since: string | undefined;
    readonly at: Date;
    readonly hadStored: boolean;
    readonly connectedAt: Date;
  },
): Date {
  const { resourceType, since, at, hadStored, connectedAt, ...search } = options;
  const before = deletionsAppliedUntil(resourceType, search);
  if (before === undefined) return hadStored ? new Date(Math.min(connectedAt.getTime() - dayMs, at.getTime())) : at;
  const listsAll = since !== undefined && before.getTime() >= Date.parse(since);
  return listsAll && at > before ? at : before;
}

/** The clock of an EHR can be behind ours by less than this. */
const dayMs = 24 * 60 * 60_000;

/** The newest `deletionsAt` that counts for a type. Undefined without a watermark. */
function deletionsAppliedUntil(resourceType: string, search: MarkSearch): Date | undefined {
  const times = marksOf(resourceType, search).map(({ deletionsAt }) => deletionsAt.getTime());
  return times.length > 0 ? new Date(Math.max(...times)) : undefined;
}

/**
 * Whether an export that starts at `since` leaves no gap after the stored data. Only then is everything up to its transactionTime
 * stored afterwards.
 * @param options.since the `_since` that was sent. Undefined if everything was requested
 */
export function joinsStoredData(
  options: MarkSearch & { readonly since: string | undefined; readonly resourceType: string },
): boolean {
  const { since, resourceType, ...search } = options;
  if (since === undefined) return true;
  const mark = markOf(resourceType, search);
  return mark !== undefined && mark.at.getTime() >= Date.parse(since);
}

/** The newest watermark that counts for a type: its own, or that of an export of every type that covered it. */
function markOf(resourceType: string, search: MarkSearch): Mark | undefined {
  return marksOf(resourceType, search).reduce<Mark | undefined>(
    (left, right) => (left && left.at >= right.at ? left : right),
    undefined,
  );
}

function marksOf(resourceType: string, { watermarks, now, covers }: MarkSearch): Mark[] {
  return watermarks.filter((mark) => {
    // A watermark in the future has an implausible transaction time, so it proves nothing.
    if (isTooFarAhead(mark.at, now)) return false;
    if (mark.resourceType === everyType) return mark.coverage !== undefined && covers(mark.coverage, resourceType);
    return mark.resourceType === resourceType;
  });
}

/**
 * The types that an export of every type since the last one has requested and the last one has not, because the server refused them. What was stored
 * of them before is not in this export.
 */
export function addedTypes({
  coverage,
  since,
  watermarks,
  ...search
}: MarkSearch & { readonly coverage: Coverage; readonly since: string | undefined }): string[] {
  const last = { ...search, watermarks: watermarks.filter(({ resourceType }) => resourceType === everyType), since };
  if (!joinsStoredData({ ...last, resourceType: everyType })) return [];
  const { types = [] } = coverage;
  return types.filter(
    (resourceType) => coversType(coverage, resourceType) && !joinsStoredData({ ...last, resourceType }),
  );
}

/** What two exports covered both, the second one with no other scopes than the first. */
export function commonCoverage(left: Coverage, right: Coverage): Coverage {
  const common = (name: 'offered' | 'types') =>
    left[name]?.filter((type) => right[name]?.includes(type) ?? true) ?? right[name];
  return present({ scope: right.scope, offered: common('offered'), types: common('types') });
}

/** The coverage of the stored data after an export that has only the changes of some types. */
export function coverageWithout({ scope, offered, types }: Coverage, added: readonly string[]): Coverage {
  const isKept = (type: string) => !added.includes(type);
  return present({ scope, offered: offered?.filter(isKept), types: types?.filter(isKept) });
}

/**
 * Whether an earlier export of every type contained a type. Only the worker, which has a token, knows what such an export would contain
 * today. For `everyType` this function therefore assumes that the coverage is the same, and the worker checks it before the kick-off.
 */
export function coveredBefore(coverage: Coverage, resourceType: string): boolean {
  return resourceType === everyType || coversType(coverage, resourceType);
}

/** Whether an earlier export of every type contained a type or, for `everyType`, all types that today's coverage contains. */
export function coversNow(today: Coverage): (coverage: Coverage, resourceType: string) => boolean {
  return (coverage, resourceType) =>
    resourceType === everyType ? coversAllOf(coverage, today) : coversType(coverage, resourceType);
}
