import { type ExportError, present } from '@bulkhead/base';
import { coversType } from '@bulkhead/fhir';
import { work } from '@bulkhead/queues';
import { notifyJob } from '@bulkhead/webhooks/jobs';
import { isInPhase } from '../../runs/index.ts';
import { type BulkExport, type ExportCounts, ledgerIncomplete, settledTime } from '../bulk-export.record.ts';
import type { BulkExportDeps, ExportStep } from '../export-deps.ts';
import { endWarnings, failedByCause, isRepetition } from '../export-warnings.ts';
import { failExport, failExportIn } from '../fail-export.ts';
import { discardJob, finalizeJob, kickOffJob } from '../jobs.ts';
import type { OutputFile } from '../output-file.record.ts';
import { cohortMarkKey, markAfter, startOf, typesOf, watermarksOf } from '../patients/cohort-mark.ts';
import { isOfJoined, noteLeft, reachedBefore, slicesOfJoined } from '../patients/group-members.ts';
import type { Slice } from '../patients/slice.record.ts';
import { currentSlice, endSlice, mergeDecisions } from '../patients/slice.ts';
import { coverageOf, sentSince, uncoveredTypes } from '../sent-request.ts';
import { everyType, isPartial, type Watermark, type WatermarkDecision } from '../watermarks/watermark.record.ts';
import {
  addedTypes,
  commonCoverage,
  coverageWithout,
  coversNow,
  decideWatermarks,
  nextDeletionsAt,
  typesReceived,
} from '../watermarks/watermark.ts';
import { inferDeletions } from './infer-deletions.ts';
import { findMissingTypes } from './missing-types.ts';

type Deps = BulkExportDeps<
  | 'bulkExports'
  | 'cohortMarks'
  | 'connections'
  | 'outputFiles'
  | 'resourceChanges'
  | 'resourceWriter'
  | 'resources'
  | 'watermarks'
>;

export const finalizeWork = work(finalizeJob, {
  run: finalizeExport,
  onFinalFailure: failExportIn('downloading', 'finalizing'),
});

const ending = ['downloading', 'finalizing'] as const;

/**
 * Ends an export, or a slice of it, whose files are all settled: advances the watermarks, sums up the counts and has the export deleted at the
 * server.
 */
export async function finalizeExport(deps: Deps, { exportId }: Pick<ExportStep, 'exportId'>): Promise<void> {
  const { store, producer, now } = deps;
  const settled = await takeSettled(deps, exportId);
  if (!settled) return;
  const { record, files } = settled;
  const hasFailed = files.some(({ state }) => state === 'failed');
  if (hasFailed && !files.some(({ state }) => state === 'completed'))
    return failExport(deps, { exportId, error: allFailed(settled), phases: ending });
  const { decisions, repeatsStored, reached, lackedTypes } = await advanceWatermarks(deps, settled);
  const summed = await store.outputFiles.sum(exportId);
  const { deleted, shown } = await inferDeletions(deps, { ...settled, decisions });
  const ofSlices = (record.slices ?? []).reduce((sum, slice) => sum + (slice.shown?.deleted ?? 0), deleted);
  const counts = { ...summed, deleted: summed.deleted + ofSlices };
  const state = hasFailed ? 'incomplete' : 'done';
  const joined = hasFailed ? [] : await joinedOf(deps, record);
  const { slices, next } = endSlice(record, { state, decisions, ...present({ reached, lackedTypes, shown }) }, joined);
  if (next === undefined) {
    await advanceMark(deps, record, slices);
    return complete(deps, { record, files, slices, decisions, counts, repeatsStored, hasFailed, lackedTypes });
  }
  const change = { slices, slice: next, slicedAt: now(), counts };
  if (!(await store.bulkExports.queueSlice({ from: record, change }))) return;
  await producer.enqueueAgain(discardJob, { exportId });
  await producer.enqueueAgain(kickOffJob, { exportId });
}

async function joinedOf(deps: Deps, record: BulkExport): Promise<readonly Slice[]> {
  const { store, ehr } = deps;
  const connection = await store.connections.find(record.connectionId);
  if (!connection) return [];
  return slicesOfJoined(deps, { record, session: { connection, provider: ehr.provider(record.provider) } });
}

/** @returns the export with the files of its current slice, or undefined if it does not end now */
async function takeSettled(deps: BulkExportDeps<'bulkExports' | 'outputFiles'>, exportId: string) {
  const { store } = deps;
  const current = await store.bulkExports.find(exportId);
  if (!current || !isInPhase(current, ...ending)) return undefined;
  // The ledger decides, not the queue. If the job of a file is lost, the sweep recreates it.
  if ((await store.outputFiles.listUnsettledIds(exportId)).length > 0) return undefined;
  const { manifestFiles = 0 } = current;
  const files = await store.outputFiles.listOfSlice(current);
  // A file that is not in the ledger would count as if the EHR had nothing to send.
  if (files.length < manifestFiles) {
    await failExport(deps, { exportId, error: filesMissing(files.length, manifestFiles), phases: ending });
    return undefined;
  }
  const record = isInPhase(current, 'downloading')
    ? await store.bulkExports.transition({ from: current, to: 'finalizing' })
    : current;
  return record && { record, files };
}

async function advanceMark(
  { store }: BulkExportDeps<'cohortMarks'>,
  record: BulkExport,
  slices: readonly Slice[],
): Promise<void> {
  const key = cohortMarkKey(record);
  const mark = markAfter(slices);
  if (key && mark) await store.cohortMarks.advance({ ...key, ...mark, exportId: record.id });
}

async function complete(
  deps: BulkExportDeps<'bulkExports' | 'outputFiles' | 'resourceChanges'>,
  ended: Ended & {
    readonly record: { readonly phase: 'finalizing' };
    readonly slices: readonly Slice[];
    readonly decisions: readonly WatermarkDecision[];
    readonly counts: ExportCounts;
    /** Whether the export began before the time up to which everything was stored. */
    readonly repeatsStored: boolean;
    readonly hasFailed: boolean;
    readonly lackedTypes: readonly string[] | undefined;
  },
): Promise<void> {
  const { store, producer, logger, now } = deps;
  const { record, slices, counts, repeatsStored, hasFailed } = ended;
  const { id: exportId } = record;
  const isSliced = slices.length > 1;
  const files = isSliced ? await store.outputFiles.listByExport(exportId) : ended.files;
  const decisions = isSliced ? mergeDecisions(slices) : ended.decisions;
  const lacked = slices.flatMap((slice) => slice.lackedTypes ?? []);
  const lackedTypes = slices.some((slice) => slice.lackedTypes) ? [...new Set(lacked)] : ended.lackedTypes;
  // Some slices can be full.
  await warn(deps, { record, files, decisions, counts, mayIgnoreSince: !repeatsStored && !isSliced });
  // The data is safe only now. If files failed, the export stays at the server, so that a retry can still download them.
  const isDone = !hasFailed && record.statusUrl !== undefined;
  const change = {
    counts,
    ...(slices.length > 0 ? { slices } : {}),
    watermarkDecisions: decisions,
    ...present({ lackedTypes }),
    isPartial: isPartial(decisions) || uncoveredTypes(record).length > 0,
    completedAt: now(),
    ...(isDone ? { discard: 'due' as const } : {}),
  };
  if (!(await store.bulkExports.transition({ from: record, to: 'completed', change }))) return;
  if (isDone || record.orphans?.length) await producer.enqueueAgain(discardJob, { exportId });
  await producer.enqueueAgain(notifyJob, { kind: 'bulk-export', id: exportId });
  logger.info('export completed', { exportId, counts });
}

interface Ended {
  readonly record: BulkExport;
  readonly files: readonly OutputFile[];
}

async function advanceWatermarks(deps: Deps, { record, files }: Ended) {
  const { store } = deps;
  const { transactionTime, request, manifestGaps = 0, id: exportId } = record;
  if (transactionTime === undefined)
    return { decisions: [], repeatsStored: false, reached: undefined, lackedTypes: undefined };
  const { connectionId, grantedScope: scope, offeredTypes = [] } = record;
  const { cohort: _, ...whole } = request;
  const { exportType } = request;
  const since = sentSince(record);
  const known = await readMarks(deps, record);
  const { search, coverage, added } = known;
  // After a full export, `since` lies at the deletions before it, so most of this export is known to be repeated.
  const repeatsStored = since !== undefined && search.watermarks.some((mark) => mark.at > new Date(since));
  const { missing: missingTypes, lacked: lackedTypes } = await findMissingTypes(deps, { record, files, coverage });
  const decisions = decideWatermarks({
    ...search,
    // A cohort has marks of its own.
    request: whole,
    since,
    transactionTime,
    manifestGaps,
    files,
    missingTypes,
    addedTypes: added,
    refusedTypes: record.sent?.refusedTypes ?? [],
    isGranted: (resourceType) => coversType(present({ scope }), resourceType),
    offeredTypes,
    isOfGroup: record.isOfGroup ?? exportType === 'Group',
    hasList: known.key !== undefined || isOfJoined(record),
  });
  if (await wentBack({ store }, { record, transactionTime, since })) {
    await store.watermarks.forget({ connectionId, exportType });
    await store.cohortMarks.forget({ connectionId, exportType });
    const message =
      "The EHR's clock went back: this export ends before its own start or before the last export. The next export with since `last` requests all data.";
    await store.bulkExports.update({ id: exportId, phase: 'finalizing', change: { foundClockBack: true } });
    await store.bulkExports.warn({ id: exportId, code: 'ehr-clock-went-back', message });
    const heldDecisions = decisions.map(({ resourceType, reasons }) => ({
      resourceType,
      reasons: [...reasons, 'clock-went-back' as const],
    }));
    return { decisions: heldDecisions, repeatsStored, reached: undefined, lackedTypes };
  }
  if (added.length > 0) {
    const message = `The EHR now exports ${added.join(', ')}, which it refused before. This export has only the changes. The next export with since \`last\` requests all data.`;
    await store.bulkExports.warn({ id: exportId, code: 'type-added', message });
  }
  const reached = await storeMarks(deps, { ...known, record, decisions });
  await noteLeft(deps, { record, decisions });
  return { decisions, repeatsStored, reached, lackedTypes };
}

/** What is known to be stored of the types: of all patients of the level, or of those of the slice of a cohort. */
async function readMarks({ store, now }: BulkExportDeps<'cohortMarks' | 'watermarks'>, record: BulkExport) {
  const { connectionId } = record;
  const { exportType, resourceTypes } = record.request;
  const coverage = coverageOf(record);
  const counting = { now: now(), covers: coversNow(coverage) };
  const key = cohortMarkKey(record);
  const patients = currentSlice(record)?.patients ?? [];
  const stored = key && (await store.cohortMarks.find(key.id));
  const mark = stored && startOf(stored, counting) !== undefined ? stored : undefined;
  const known = new Set(mark?.patients);
  const ofPatients = mark && patients.every((id) => known.has(id)) ? watermarksOf(mark) : [];
  const isJoined = isOfJoined(record);
  const types = key ? typesOf(key) : resourceTypes.length > 0 ? resourceTypes : [everyType];
  const before = isJoined ? reachedBefore(record) : undefined;
  const ofJoined = before ? types.map((resourceType) => ({ resourceType, ...before })) : [];
  const ofList = isJoined ? ofJoined : ofPatients;
  const watermarks = key || isJoined ? ofList : await store.watermarks.list({ connectionId, exportType });
  const search = { ...counting, watermarks };
  const added = resourceTypes.length > 0 ? [] : addedTypes({ ...search, coverage, since: sentSince(record) });
  return { search, coverage, added, key, mark, patients, types, isJoined };
}

type Known = Awaited<ReturnType<typeof readMarks>> & {
  readonly record: BulkExport;
  readonly decisions: readonly WatermarkDecision[];
};

/** @returns up to when everything of the patients of a slice of a cohort, or of those who have joined a Group, is stored */
async function storeMarks(
  deps: BulkExportDeps<'cohortMarks' | 'connections' | 'watermarks'>,
  options: Known,
): Promise<Slice['reached']> {
  const { store } = deps;
  const { record, decisions, key, types, isJoined } = options;
  const since = sentSince(record);
  const markOf = await watermarksAfter(deps, options);
  if (!key && !isJoined) {
    const fullFrom = since === undefined ? (record.kickOffSentAt ?? record.createdAt) : undefined;
    for (const { resourceType, reasons } of decisions)
      if (reasons.length === 0) await store.watermarks.advance(markOf(resourceType), fullFrom);
    return undefined;
  }
  const ofAll = decisions.filter(({ resourceType }) => types.includes(resourceType));
  if (ofAll.length === 0 || ofAll.some(({ reasons }) => reasons.length > 0)) return undefined;
  const [mark = markOf(everyType), ...others] = types.map(markOf);
  const { transactionTime, at, coverage } = mark;
  const deletionsAt = new Date(Math.min(...[mark, ...others].map((other) => other.deletionsAt.getTime())));
  const reached = { transactionTime, at, deletionsAt, ...present({ coverage }) };
  await (isJoined ? endJoined : joinCohort)(deps, { ...options, reached });
  return reached;
}

/** The watermark of a type after an export that has everything. */
async function watermarksAfter({ store }: BulkExportDeps<'connections'>, { record, search, ...known }: Known) {
  const coverage = coverageWithout(known.coverage, known.added);
  const { connectionId, storedBefore, id: exportId } = record;
  const { exportType } = record.request;
  const since = sentSince(record);
  const { at, text } = settledTime(record);
  // A connection that was deleted has no further exports.
  const { createdAt: connectedAt = at } = (await store.connections.find(connectionId)) ?? {};
  return (resourceType: string): Watermark => {
    const hadStored = storedBefore === undefined || hadAny(storedBefore, resourceType);
    const deletionsAt = nextDeletionsAt({ ...search, resourceType, since, at, hadStored, connectedAt });
    const watermark = { connectionId, exportType, resourceType, transactionTime: text, at, deletionsAt, exportId };
    return resourceType === everyType ? { ...watermark, coverage } : watermark;
  };
}

type Reached = Known & { readonly reached: NonNullable<Slice['reached']> };

async function joinCohort(
  { store }: BulkExportDeps<'cohortMarks'>,
  { record, key, mark, patients, reached }: Reached,
): Promise<void> {
  if (!key || sentSince(record) !== undefined) return;
  if (!mark) return store.cohortMarks.advance({ ...key, ...reached, patients, exportId: record.id });
  const { coverage } = reached;
  const common = coverage ? { coverage: commonCoverage(mark.coverage ?? {}, coverage) } : {};
  await store.cohortMarks.join({ ...key, ...reached, ...common, patients });
}

/** If a slice with their deletions follows, that one ends what is missing. */
async function endJoined({ store }: BulkExportDeps<'watermarks'>, { record, types, patients, reached }: Reached) {
  if (sentSince(record) === undefined && reached.deletionsAt < reached.at) return;
  const { connectionId, request } = record;
  const resourceTypes = types.includes(everyType) ? [] : types;
  await store.watermarks.endLacks({ connectionId, exportType: request.exportType, patients, resourceTypes });
}

/** Times of one EHR in the order of its exports differ by less if its clock is kept by NTP. */
const clockToleranceMs = 60_000;

/**
 * Whether the EHR's clock went back. Then it has given changes earlier times than those that were requested, so that it did not send them, or
 * earlier times than those of stored versions, so that they were not stored.
 */
async function wentBack(
  { store }: Pick<BulkExportDeps<'bulkExports'>, 'store'>,
  options: { readonly record: BulkExport; readonly transactionTime: string; readonly since: string | undefined },
): Promise<boolean> {
  const { record, since } = options;
  const endsAt = new Date(options.transactionTime);
  if (record.request.sinceLast === true && since !== undefined && endsAt < new Date(since)) return true;
  const previous = await store.bulkExports.findPrevious(record);
  // An export can wait before its kick-off while a later one is made.
  if (!previous || sentAt(previous) > sentAt(record)) return false;
  return endsAt.getTime() + clockToleranceMs < settledTime(previous).at.getTime();
}

function sentAt({ kickOffSentAt, kickedOffAt, createdAt }: BulkExport): Date {
  return kickOffSentAt ?? kickedOffAt ?? createdAt;
}

function hadAny(types: readonly string[], resourceType: string): boolean {
  return resourceType === everyType ? types.length > 0 : types.includes(resourceType);
}

async function warn(
  { store }: BulkExportDeps<'bulkExports' | 'outputFiles' | 'resourceChanges'>,
  options: Ended &
    Pick<Parameters<typeof endWarnings>[0], 'counts' | 'decisions'> & {
      /** Whether it can only have had what was stored before if the EHR ignores `_since`. */
      readonly mayIgnoreSince: boolean;
    },
): Promise<void> {
  const { record } = options;
  const issues = await store.outputFiles.sumIssues(record.id);
  const ignoresSince = options.mayIgnoreSince && isRepetition(options) && (await repeatsOlder({ store }, options));
  for (const warning of endWarnings({ ...options, issues, ignoresSince }))
    await store.bulkExports.warn({ id: record.id, ...warning });
}

/**
 * Whether an export since the last one repeats what was stored here before. A server may send again what it stored shortly before the time that
 * it gave, as Bulkhead does for two minutes. All of that was stored here after that time.
 */
async function repeatsOlder(
  { store }: Pick<BulkExportDeps<'resourceChanges'>, 'store'>,
  { record, files, counts }: Ended & { readonly counts: ExportCounts },
): Promise<boolean> {
  const { connectionId } = record;
  const since = new Date(sentSince(record) ?? 0);
  // A server may send a resource twice.
  const limit = Math.ceil(counts.unchanged / 2);
  let changed = 0;
  for (const resourceType of typesReceived(files))
    changed += await store.resourceChanges.countSince({ connectionId, resourceType, since, limit });
  return changed < limit;
}

function allFailed({ record, files }: Ended): ExportError {
  const failed = files.filter(({ state }) => state === 'failed');
  const [first] = failedByCause({ failed, record });
  return {
    code: 'all-files-failed',
    message: `None of the files could be stored. ${first?.message}`,
    ...present({ ehrText: failed[0]?.error?.ehrText }),
  };
}

function filesMissing(found: number, expected: number): ExportError {
  return {
    code: ledgerIncomplete,
    message: `The database has ${found} of the ${expected} files of this export, perhaps after a backup was restored. Retry the export, which starts a new one at the EHR.`,
  };
}
