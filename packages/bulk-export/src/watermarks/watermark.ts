import type { BulkExportRequest } from '@bulkhead/fhir';
import { coversType, exportTypes } from '@bulkhead/fhir';
import type { Immutable } from '@bulkhead/runtime';
import { z } from 'zod';
import type { IssueCount } from '../bulk-export.record.ts';
import { type HoldReason, holdReasons, type WatermarkDecision } from '../hold-reason.ts';
import type { OutputFile } from '../output-file.record.ts';

/** The limits of an export that names no types. */
const coverageSchema = z.strictObject({
  /** The scopes of its access token. */
  scope: z.string().exactOptional(),
  /** The types of the server's CapabilityStatement. */
  offered: z.array(z.string()).exactOptional(),
});
export type Coverage = Immutable<z.output<typeof coverageSchema>>;

/** The last transactionTime up to which everything of a type is stored, per connection, export level and type. */
export const watermarkSchema = z.strictObject({
  connectionId: z.string(),
  /** A Group's export says nothing about the patients outside of it, so the levels do not mix. */
  exportType: z.enum(exportTypes),
  resourceType: z.string(),
  /** As the server wrote it: the next export's `_since`. */
  transactionTime: z.string(),
  /** The same instant, for ordering. */
  at: z.date(),
  exportId: z.string(),
  /** What an export of every type could bring. Only of `everyType`; one that lacks it proves nothing. */
  coverage: coverageSchema.exactOptional(),
});
export type Watermark = Immutable<z.output<typeof watermarkSchema>>;

/** The `resourceType` of the watermark that exports of every type keep. */
export const everyType = '*';

export type LedgerEntry = Pick<
  OutputFile,
  'section' | 'state' | 'type' | 'promisedCount' | 'receivedCount' | 'checkpoint'
>;

/** What is known of an export whose files are settled. */
export interface ExportEvidence {
  readonly request: Pick<BulkExportRequest, 'exportType' | 'resourceTypes' | 'typeFilters'>;
  /** The `_since` that the server followed; undefined: everything was asked for. */
  readonly since: string | undefined;
  readonly transactionTime: string;
  readonly now: Date;
  readonly manifestGaps: number;
  readonly files: readonly LedgerEntry[];
  /** Types that the server refused by name. */
  readonly refusedTypes: readonly string[];
  /** Whether the token's scopes cover a type. */
  readonly isGranted: (resourceType: string) => boolean;
  /** Of the CapabilityStatement; empty: unknown. */
  readonly offeredTypes: readonly string[];
  /** The export was made through a Group, whatever was asked for. */
  readonly isOfGroup: boolean;
  readonly watermarks: readonly Mark[];
  readonly covers: MarkSearch['covers'];
}

type Mark = Pick<Watermark, 'resourceType' | 'transactionTime' | 'at' | 'coverage'>;

/** Clocks in the field differ by minutes; a transaction time that is further ahead would hide every change until then. */
export const clockToleranceMs = 10 * 60_000;

/**
 * Decides about the watermark of each type: those asked for, or without such a list those that came and `everyType`. A watermark
 * advances only if everything up to it is proved to be accounted for; whatever is in doubt holds it.
 */
export function decideWatermarks(evidence: ExportEvidence): WatermarkDecision[] {
  const { request, files } = evidence;
  const ofAll = reasonsForAll(evidence);
  const cameTypes = [...new Set(outputOf(files).flatMap(typesIn))].filter((type) => type !== unknownType);
  const types = request.resourceTypes.length > 0 ? request.resourceTypes : [...cameTypes, everyType];
  return types.map((resourceType) => {
    const found = new Set([...ofAll, ...reasonsForType({ evidence, resourceType, came: cameTypes })]);
    return {
      resourceType,
      reasons: (Object.keys(holdReasons) as HoldReason[]).filter((reason) => found.has(reason)),
    };
  });
}

/** The type of a file whose entry names none that FHIR knows: it may hold any. */
export const unknownType = 'Resource';

function reasonsForAll(evidence: ExportEvidence): HoldReason[] {
  const { request, transactionTime, now, manifestGaps, files, since } = evidence;
  const output = outputOf(files);
  const isEmpty = since === undefined && !output.some(({ checkpoint }) => checkpoint.lines > 0);
  return [
    ...when((request.typeFilters ?? []).length > 0, 'type-filter'),
    ...when(Date.parse(transactionTime) > now.getTime() + clockToleranceMs, 'time-implausible'),
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
    ...when(isEmpty && evidence.isOfGroup, 'nothing-received'),
  ];
}

function reasonsForType(options: {
  readonly evidence: ExportEvidence;
  readonly resourceType: string;
  readonly came: readonly string[];
}): HoldReason[] {
  const { evidence, resourceType, came } = options;
  const { files, refusedTypes, isGranted, offeredTypes, since } = evidence;
  const isEvery = resourceType === everyType;
  const own = outputOf(files).filter((file) => isEvery || typesIn(file).includes(resourceType));
  const concerns = ({ types = [] }: IssueCount) => isEvery || types.includes(resourceType);
  // A type that came is granted and offered, whatever the scopes' notation and the CapabilityStatement say.
  const mayBeWithheld = !isEvery && !came.includes(resourceType);
  return [
    ...when(own.some(isUnsettled), 'files-failed'),
    ...when(own.some(hasOtherCount), 'count-mismatch'),
    ...when(errorsOf(files).some(concerns), 'errors-reported'),
    ...when(isEvery && !own.some(({ checkpoint }) => checkpoint.lines > 0) && since === undefined, 'nothing-received'),
    ...when(refusedTypes.includes(resourceType), 'type-refused'),
    ...when(mayBeWithheld && !isGranted(resourceType), 'not-granted'),
    ...when(mayBeWithheld && offeredTypes.length > 0 && !offeredTypes.includes(resourceType), 'not-offered'),
    ...when(!leavesNoGap({ ...evidence, resourceType }), 'gap'),
  ];
}

function when(applies: boolean, reason: HoldReason): HoldReason[] {
  return applies ? [reason] : [];
}

function outputOf(files: readonly LedgerEntry[]): LedgerEntry[] {
  return files.filter(({ section, state }) => section === 'output' && state !== 'skipped');
}

/** A file of unknown type has the types that its lines had. */
function typesIn({ type, checkpoint }: LedgerEntry): readonly string[] {
  return type === unknownType ? [unknownType, ...(checkpoint.types ?? [])] : [type];
}

function isUnsettled({ state }: LedgerEntry): boolean {
  return state !== 'completed';
}

function hasOtherCount({ receivedCount }: LedgerEntry): boolean {
  return receivedCount !== undefined;
}

/** An announced list of errors that is empty says nothing about what went wrong. */
function isUnreadErrorFile(file: LedgerEntry): boolean {
  if (file.section !== 'error') return false;
  return isUnsettled(file) || (file.checkpoint.issues.length === 0 && file.promisedCount !== 0);
}

function isUnreadDeletedFile(file: LedgerEntry): boolean {
  if (file.section !== 'deleted') return false;
  const { lines, unreadableDeletions = 0 } = file.checkpoint;
  return isUnsettled(file) || unreadableDeletions > 0 || (lines === 0 && file.promisedCount !== 0);
}

/** Issues that tell of a loss, of `error` files and of OperationOutcomes among resources. */
function errorsOf(files: readonly LedgerEntry[]): IssueCount[] {
  const issues = files.flatMap(({ checkpoint }) => checkpoint.issues);
  return issues.filter(({ severity }) => severity !== 'warning' && severity !== 'information');
}

/** What is needed to find a type's last watermark. */
interface MarkSearch {
  readonly watermarks: readonly Mark[];
  readonly now: Date;
  /** Whether an export of every type with this coverage brought a type, or with `everyType` all that one would bring today. */
  readonly covers: (coverage: Coverage, resourceType: string) => boolean;
}

/**
 * Where the next export of these types has to start so that nothing is missed: the oldest of their watermarks.
 * @returns `since` undefined if a type has none: everything is due, and `unknown` names the types
 */
export function sinceLast({ resourceTypes, ...search }: MarkSearch & { readonly resourceTypes: readonly string[] }): {
  readonly since: string | undefined;
  readonly unknown: readonly string[];
} {
  const types = resourceTypes.length > 0 ? resourceTypes : [everyType];
  const found = types.map((type) => markOf(type, search));
  const unknown = types.filter((_, index) => found[index] === undefined);
  if (unknown.length > 0) return { since: undefined, unknown };
  const oldest = found.reduce((one, other) => (one && other && one.at <= other.at ? one : other));
  return { since: oldest?.transactionTime, unknown };
}

/**
 * Whether an export that starts at `since` leaves no gap behind what is stored: only then is "everything up to its
 * transactionTime is stored" true afterwards.
 * @param options.since the `_since` that was sent; undefined: everything was asked for
 */
export function leavesNoGap({
  since,
  resourceType,
  ...search
}: MarkSearch & { readonly since: string | undefined; readonly resourceType: string }): boolean {
  if (since === undefined) return true;
  const mark = markOf(resourceType, search);
  return mark !== undefined && mark.at.getTime() >= Date.parse(since);
}

/** The newest watermark that counts for a type: its own, or that of an export of every type which covered it. */
function markOf(resourceType: string, { watermarks, now, covers }: MarkSearch): Mark | undefined {
  const marks = watermarks.filter((mark) => {
    // A watermark in the future was stored from an implausible transaction time: it proves nothing.
    if (mark.at.getTime() > now.getTime() + clockToleranceMs) return false;
    if (mark.resourceType === everyType) return mark.coverage !== undefined && covers(mark.coverage, resourceType);
    return mark.resourceType === resourceType;
  });
  return marks.reduce<Mark | undefined>((one, other) => (one && one.at >= other.at ? one : other), undefined);
}

/**
 * Whether an earlier export of every type brought a type. What one would bring today is known only to the worker that has a token, so
 * for `everyType` this is the answer of last time.
 */
export function coveredBefore(coverage: Coverage, resourceType: string): boolean {
  return resourceType === everyType || coversType(coverage, resourceType);
}
