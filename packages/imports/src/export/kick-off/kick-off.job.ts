/*
 * The kick-off starts an export at the EHR. It must not be sent twice, because the specification has no way to repeat it without a second
 * export. This is how that is avoided:
 *
 * - A lease lets only one job of an export send it.
 * - `kickOffSentAt` is stored before it is sent. It is removed if an error response of the EHR proves that no export was started.
 * - `statusUrl` is stored right after the response, and the attempt retries this until the database accepts it.
 * - An attempt whose job has lost its lock continues, because only it will know the response.
 * - If an attempt finds `kickOffSentAt` without a `statusUrl`, it first waits for the other attempt's write. Only then does it send the
 *   kick-off again, with a warning.
 * - If the export was cancelled or kicked off by another attempt meanwhile, the export at the server becomes an orphan. It is deleted
 *   there.
 *
 *   queued -> kicking-off -> [kickOffSentAt] -> POST or GET -> [statusUrl] exporting -> polls are scheduled
 */

import { setTimeout } from 'node:timers/promises';
import { AppError, present, toKnownError } from '@bulkhead/base';
import { withCapabilities } from '@bulkhead/connections/steps';
import { answerSecondsOf, EhrHttpError, type EhrSession, type KickOff, kickOffExport, makeGroup } from '@bulkhead/ehr';
import { exportScopeOf, type Provider } from '@bulkhead/ehr/providers';
import { type BulkExportRequest, droppedParameters, isNarrowed, isUncovered } from '@bulkhead/fhir';
import { type JobContext, work } from '@bulkhead/queues';
import { untilStored, whileLeased } from '@bulkhead/store';
import { type InPhase, isInPhase, isInterrupted, noteRetry } from '../../runs/index.ts';
import type { BulkExport } from '../bulk-export.record.ts';
import { exportError } from '../errors.ts';
import type { BulkExportDeps, ExportStep } from '../export-deps.ts';
import { failExportIn } from '../fail-export.ts';
import { discardJob, finalizeJob, kickOffJob } from '../jobs.ts';
import { whyFull } from '../patients/group-members.ts';
import { withSlices } from '../patients/plan-slices.ts';
import { sliceRequest } from '../patients/slice.ts';
import { boundsOf, planPoll } from '../poll-delay.ts';
import { schedulePolls } from '../schedule-polls.ts';
import { connectionOf, coverageOf, uncoveredTypes } from '../sent-request.ts';
import type { Coverage } from '../watermarks/watermark.record.ts';
import { coversNow, sinceLast } from '../watermarks/watermark.ts';
import { awaitTurn } from './kick-off-turn.ts';

type Deps = BulkExportDeps<
  | 'bulkExports'
  | 'cohortMarks'
  | 'cohorts'
  | 'connections'
  | 'exportLeases'
  | 'exportSlots'
  | 'outputFiles'
  | 'quarantine'
  | 'resources'
  | 'watermarks'
>;

export const kickOffWork = work(kickOffJob, {
  run: kickOffAndNoteRetry,
  onFinalFailure: failExportIn('queued', 'kicking-off'),
});

const hourMs = 60 * 60_000;
/**
 * The export fails if the EHR has not accepted it after this time, and the `kickOffWindow` of the provider. `maxExportAgeMs` limits exports that it
 * has accepted.
 */
const maxKickOffAgeMs = 48 * hourMs;

/** If the job will run again, the export shows why it waits. */
async function kickOffAndNoteRetry(
  deps: Deps,
  { exportId, endSignal, retryAt }: { readonly exportId: string } & Pick<JobContext, 'endSignal' | 'retryAt'>,
): Promise<void> {
  try {
    await kickOff(deps, { exportId, signal: endSignal });
  } catch (error) {
    const nextAttemptAt = retryAt(error);
    if (nextAttemptAt !== undefined && !isInterrupted({ signal: endSignal, error }))
      await noteKickOffRetry(deps, { exportId, error, nextAttemptAt });
    throw error;
  }
}

/**
 * Starts an export at the EHR and schedules its polls. Does nothing if that is done or no longer wanted. A lease is needed because two
 * jobs of an export can run at the same time (after a loss of Redis or of a job's lock), and each would start an export.
 * @throws AppError `kick-off-under-way`
 */
export async function kickOff(deps: Deps, step: ExportStep): Promise<void> {
  const ran = await whileLeased({
    leases: deps.store.exportLeases,
    id: step.exportId,
    run: () => kickOffOnce(deps, step),
  });
  if (!ran) throw exportError('kick-off-under-way');
}

async function kickOffOnce(deps: Deps, { exportId, signal }: ExportStep): Promise<void> {
  const { store, ehr, producer } = deps;
  const found = await store.bulkExports.find(exportId);
  if (!found || !isInPhase(found, 'queued', 'kicking-off')) return;
  checkAge(deps, found);
  // A retry gets a new manifest. The entries of the old ledger would prevent its files from being read.
  if (found.phase === 'queued' && found.retriedAt !== undefined) await discardLedger(deps, found);
  const connection = await withCapabilities(deps, { connectionId: found.connectionId, signal });
  const { resourceTypes } = found.request;
  const exportScope = exportScopeOf({ provider: ehr.provider(connection.provider), connection, resourceTypes });
  const session = ehr.session(connectionOf(connection, present({ exportScope })));
  await awaitTurn(deps, { record: found, connection, provider: session.provider });
  const begun = await begin(deps, found);
  if (!begun) return;
  if (!connection.capabilities) await store.bulkExports.warn({ id: exportId, ...noCapabilities });
  const grantedScope = await session.readGrantedScope(signal);
  const { resourceTypes: offeredTypes = [] } = connection.capabilities ?? {};
  const coverage = coverageOf({ ...present({ grantedScope }), offeredTypes });
  const record = await withDecidedRequest(deps, { record: begun, coverage, session });
  const started = await sendKickOff(deps, { record, session, signal });
  const { groupId = connection.groupId } = started;
  if (groupId !== undefined && groupId !== connection.groupId)
    await store.connections.saveGroupId({ id: connection.id, from: connection.groupId, groupId });
  // The EHR can refuse a token that others have renewed, or that it has revoked, and the next one can have other scopes.
  const scopes = present({ grantedScope: session.grantedScope() ?? grantedScope, exportScope });
  const { provider } = session;
  const recorded = await recordStart(deps, { record, started, scopes, offeredTypes, groupId, provider, signal });
  // If the export was cancelled, failed or kicked off by another attempt meanwhile, this export at the server is not used.
  await discardUnused(deps, { exportId, statusUrl: unusedUrl(started, recorded !== undefined), signal });
  if (recorded?.phase === 'exporting') return schedulePolls(deps, recorded);
  if (recorded) await producer.enqueueAgain(finalizeJob, { exportId });
}

/** @throws AppError `kick-off-timeout` */
function checkAge({ ehr, now }: Deps, { createdAt, retriedAt, slicedAt, provider }: BulkExport): void {
  const { kickOffWindow } = ehr.provider(provider);
  const maxAgeMs = maxKickOffAgeMs + (kickOffWindow?.hours ?? 0) * hourMs;
  const since = Math.max(...[createdAt, retriedAt, slicedAt].map((time) => time?.getTime() ?? 0));
  if (now().getTime() - since > maxAgeMs) throw exportError('kick-off-timeout');
}

const noCapabilities = {
  code: 'no-capabilities',
  message:
    'The EHR did not return a CapabilityStatement, so the export uses the requested level. If the EHR exports only Groups, start it at the level Group.',
} as const;

/** @returns undefined if another attempt has begun it, or has stored a response */
async function begin(deps: Deps, record: InPhase<BulkExport, 'queued' | 'kicking-off'>) {
  const { bulkExports } = deps.store;
  const begun = isInPhase(record, 'kicking-off')
    ? record
    : await bulkExports.transition({ from: record, to: 'kicking-off' });
  return begun && !(await isStoredMeanwhile(deps, begun)) ? begun : undefined;
}

/** The export with the request that it will send: that of its next slice, or without a `since` that would leave out history. */
async function withDecidedRequest(
  deps: Deps,
  options: {
    readonly record: InPhase<BulkExport, 'kicking-off'>;
    readonly coverage: Coverage;
    readonly session: EhrSession;
  },
) {
  const { coverage, session } = options;
  const record = await withSlices(deps, { record: options.record, provider: session.provider, coverage });
  const request = record.slices ? sliceRequest(record) : await withSafeSince(deps, { record, coverage, session });
  return { ...record, request };
}

function unusedUrl({ statusUrl, noChanges }: KickOff, isRecorded: boolean): string | undefined {
  return noChanges?.unneededUrl ?? (isRecorded ? undefined : statusUrl);
}

async function discardUnused(
  { store, producer }: BulkExportDeps<'bulkExports'>,
  { exportId, statusUrl, signal }: ExportStep & { readonly statusUrl: string | undefined },
): Promise<void> {
  if (statusUrl === undefined) return;
  await untilStored(() => store.bulkExports.addOrphan({ id: exportId, statusUrl }), signal);
  await producer.enqueueAgain(discardJob, { exportId });
}

/** If this attempt is late, the ledger may be that of a later manifest, which is kept. */
async function discardLedger(
  { store }: BulkExportDeps<'outputFiles' | 'quarantine'>,
  record: BulkExport,
): Promise<void> {
  for (const { id, checkpoint } of await store.outputFiles.listEarlier(record))
    if (checkpoint.quarantined > 0) await store.quarantine.deleteByFile(id);
  await store.outputFiles.removeEarlier(record);
}

/**
 * Removes `since` from the request if it would leave out history. An export of every type continues from the last one only if that one
 * contained all types that this one can contain. After a scope is widened or the server offers another type, everything is exported. So it is if
 * records of new members of a Group are missing.
 */
async function withSafeSince(
  deps: BulkExportDeps<'bulkExports' | 'resources' | 'watermarks'>,
  options: { readonly record: BulkExport; readonly coverage: Coverage; readonly session: EhrSession },
): Promise<BulkExportRequest> {
  const { store } = deps;
  const { id, request } = options.record;
  const { since, ...full } = request;
  if (since === undefined || request.sinceLast !== true) return request;
  const message = (await whyGrown(deps, options)) ?? (await whyFull(deps, options));
  if (message === undefined) return request;
  await store.bulkExports.warn({ id, code: 'since-last-full', message });
  await store.bulkExports.update({ id, phase: 'kicking-off', change: { request: full } });
  return full;
}

async function whyGrown(
  { store, now }: BulkExportDeps<'watermarks'>,
  { record, coverage }: { readonly record: BulkExport; readonly coverage: Coverage },
): Promise<string | undefined> {
  const { connectionId } = record;
  const { exportType, resourceTypes } = record.request;
  if (resourceTypes.length > 0) return undefined;
  const watermarks = await store.watermarks.list({ connectionId, exportType });
  const last = sinceLast({ resourceTypes, watermarks, now: now(), covers: coversNow(coverage) });
  if (last.since !== undefined) return undefined;
  return 'The granted scopes or the types that the EHR offers have grown since the last export of every type, so this export requests all data.';
}

/** The database is available now, so another attempt that is alive and has a response stores it at its next try (within 3.5 s). */
const storeGraceMs = 6000;

/**
 * Whether an earlier attempt that has sent the kick-off now stores its response, which it could not while the database was
 * unavailable.
 */
async function isStoredMeanwhile(
  { store }: BulkExportDeps<'bulkExports'>,
  { id, kickOffSentAt }: BulkExport,
): Promise<boolean> {
  if (kickOffSentAt === undefined) return false;
  await setTimeout(storeGraceMs);
  return (await store.bulkExports.find(id))?.phase !== 'kicking-off';
}

/** Sends the kick-off. If an earlier response was lost, the export warns that the EHR may run it twice. */
async function sendKickOff(
  deps: BulkExportDeps<'bulkExports' | 'resources'>,
  options: { readonly record: BulkExport; readonly session: EhrSession; readonly signal: AbortSignal },
): Promise<KickOff> {
  const { store, now } = deps;
  const { record, session, signal } = options;
  const { id, request } = record;
  if (record.kickOffSentAt) {
    const message =
      'The response to the kick-off was lost, so the kick-off was sent again. The EHR may run the export twice. Nothing is stored twice.';
    await store.bulkExports.warn({ id, code: 'kick-off-repeated', message });
  }
  const { isMade, ...place } = await placeOf(deps, options);
  const { connectionId } = record;
  const { patients } = request;
  // What this export has stored before a retry can be deleted at the EHR by now.
  const except = record.retriedAt === undefined ? id : '';
  // Of patients of whom nothing is stored, no earlier deletion matters.
  const hasStored = patients === undefined || (await store.resources.hasOfPatients({ connectionId, patients, except }));
  const storedBefore = hasStored ? await store.resources.listStoredTypes(connectionId) : [];
  await store.bulkExports.update({ id, phase: 'kicking-off', change: { kickOffSentAt: now(), storedBefore } });
  let isSent = false;
  const onSend = () => {
    isSent = true;
  };
  try {
    const started = await kickOffExport({
      ...place,
      signal,
      onSend,
      history: ({ groupId, sent }) => {
        const level = levelOf(request, isMade ? undefined : groupId);
        return store.bulkExports.kickOffHistory({ record, level, sent, maxAssumed });
      },
    });
    // Its members are the listed patients, and the next export makes another one.
    return isMade ? { ...started, isOfGroup: false } : started;
  } catch (error) {
    if (!isSent || provesNoExport(error))
      await store.bulkExports.update({ id, phase: 'kicking-off', unset: ['kickOffSentAt'] });
    if (isSent && isUnanswered(error))
      throw await unanswered(deps, { record, seconds: answerSecondsOf(session), cause: error });
    throw isTooRecent(error) ? await postponeOnce(deps, { record, error }) : error;
  }
}

/**
 * Where a kick-off goes, and what it asks for. An EHR that exports no listed patients, but Groups that its clients make, gets a Group of them first.
 * One that an attempt before this one has made is used.
 */
async function placeOf(
  { store }: BulkExportDeps<'bulkExports'>,
  options: { readonly record: BulkExport; readonly session: EhrSession; readonly signal: AbortSignal },
) {
  const { record, session, signal } = options;
  const { patients, ...others } = record.request;
  const { madeGroups: form } = session.provider.kickOff ?? {};
  if (form === undefined || patients === undefined) return { session, request: record.request, isMade: false };
  let { madeGroup } = record;
  if (madeGroup === undefined) {
    madeGroup = await makeGroup({ session, form, name: record.id, patients, signal });
    const change = { madeGroup };
    await untilStored(() => store.bulkExports.update({ id: record.id, phase: 'kicking-off', change }), signal);
  }
  const groupId = decodeURIComponent(madeGroup.slice(madeGroup.lastIndexOf('/') + 1));
  const connection = { ...session.connection, groupId };
  return { session: { ...session, connection }, request: { ...others, exportType: 'Group' as const }, isMade: true };
}

/** After so many in a row, a 404 to `_since` could also mean that the access was withdrawn. */
const maxAssumed = 3;

/** @param groupId of the Group that is exported. Undefined if none is. */
function levelOf({ exportType }: BulkExportRequest, groupId: string | undefined): string {
  return groupId === undefined ? exportType : `Group/${groupId}`;
}

function isTooRecent(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'kick-off-too-recent';
}

const dayMs = 24 * 60 * 60_000;

/**
 * The EHR says that the data was exported too recently, and the provider has no `kickOffWindow`. The export waits until a day after the
 * last kick-off that is known here, which is the only window that is published. If the EHR then refuses again, the text meant something else.
 */
async function postponeOnce(
  { store, now }: BulkExportDeps<'bulkExports'>,
  { record, error }: { readonly record: BulkExport; readonly error: AppError },
): Promise<AppError> {
  const { code, message, retry, context, ehrText } = error;
  if (record.notBefore && record.unansweredKickOffs === undefined)
    return new AppError({ code, message: refusedTwice, retry: 'never', context, ehrText, cause: error });
  const { id, connectionId } = record;
  const last = await store.bulkExports.lastGroupKickOff(connectionId);
  const statedMs = typeof retry === 'object' && context.isStated === true ? retry.afterMs : undefined;
  const knownMs = last && last.getTime() + dayMs + marginMs - now().getTime();
  const waitMs = statedMs ?? (knownMs !== undefined && knownMs > 0 ? knownMs : dayMs);
  const until = new Date(now().getTime() + waitMs);
  await store.bulkExports.update({ id, phase: 'kicking-off', change: { notBefore: until, plannedAt: now() } });
  return new AppError({ code, message, retry: { afterMs: waitMs }, context: { ...context, until }, ehrText });
}

/** What axios calls a request that took longer than it may. */
function isUnanswered(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'ehr-unreachable' && error.context.reason === 'ECONNABORTED';
}

/** The first export may still run, so the second kick-off waits. */
const unansweredWaitMs = hourMs;

/** An EHR that has not answered two kick-offs would not answer others, and would run an export for each of them. */
async function unanswered(
  { store, now }: BulkExportDeps<'bulkExports'>,
  { record, seconds, cause }: { readonly record: BulkExport; readonly seconds: number; readonly cause: AppError },
): Promise<AppError> {
  const unansweredKickOffs = (record.unansweredKickOffs ?? 0) + 1;
  const observed = `The EHR did not respond to the kick-off within ${seconds} seconds. It may be running the export.`;
  const change = { unansweredKickOffs };
  if (unansweredKickOffs > 1) {
    await store.bulkExports.update({ id: record.id, phase: 'kicking-off', change });
    const message = `${observed} It was so twice, so no other kick-off is sent. Ask the EHR's support whether exports run, and set \`kickOff.answerSeconds\` of the provider if it needs longer. Then retry the export.`;
    return exportError('kick-off-unanswered', { message, retry: 'never', context: cause.context, cause });
  }
  const until = new Date(now().getTime() + unansweredWaitMs);
  await store.bulkExports.update({
    id: record.id,
    phase: 'kicking-off',
    change: { ...change, notBefore: until, plannedAt: now() },
  });
  const message = `${observed} The kick-off is sent once more in an hour, when that export may have ended.`;
  const retry = { afterMs: unansweredWaitMs };
  return exportError('kick-off-unanswered', { message, retry, context: { ...cause.context, until }, cause });
}

/** The EHR measures from its own start of the last export. */
const marginMs = 60_000;

const refusedTwice =
  'The EHR refuses to export the same data again so soon, also after a wait. Start the export later, and set `kickOffWindow` of the provider so that exports and schedules wait by themselves.';

/** Statuses of a gateway that passed the request on and got no usable answer from the EHR (RFC 9110, section 15.6). */
const gatewayStatuses: ReadonlySet<number> = new Set([502, 504]);

/** An error response of the EHR proves that no export was started. A timeout does not, nor an answer that a gateway may have sent. */
function provesNoExport(error: unknown): boolean {
  if (error instanceof EhrHttpError) return !gatewayStatuses.has(error.status);
  return error instanceof AppError && error.code !== 'ehr-unreachable' && error.code !== 'kick-off-not-understood';
}

/** @returns undefined if the export has left the phase `kicking-off` meanwhile */
async function recordStart(
  deps: BulkExportDeps<'bulkExports'>,
  options: {
    readonly record: InPhase<BulkExport, 'kicking-off'>;
    readonly started: KickOff;
    readonly scopes: Pick<BulkExport, 'grantedScope' | 'exportScope'>;
    readonly offeredTypes: readonly string[];
    readonly groupId: string | undefined;
    readonly provider: Pick<Provider, 'infersDeletions'>;
    readonly signal: AbortSignal;
  },
): Promise<BulkExport | undefined> {
  const { store, logger, now } = deps;
  const { record, started, scopes, offeredTypes, signal } = options;
  const { statusUrl, sent, noChanges } = started;
  const dropped = droppedParameters(record.request, sent);
  const kickedOffAt = now();
  const listsNoDeletions = options.provider.infersDeletions === true || dropped.includes('_since');
  const { cohort, patients: _, ...ofCohort } = record.request;
  // No EHR lists what has moved from a patient of a cohort to another patient.
  const showsAll = cohort === undefined ? listsNoDeletions && !isNarrowed(record.request) : !isNarrowed(ofCohort);
  const infersDeletions = showsAll && sent.since === undefined;
  const change = {
    infersDeletions,
    ...(statusUrl === undefined
      ? {
          manifestFiles: 0,
          noChanges: noChanges?.unneededUrl === undefined ? ('assumed' as const) : ('verified' as const),
        }
      : { statusUrl, ...planPoll({ now: kickedOffAt, waitMs: boundsOf(deps, record).floorMs }) }),
    sent,
    isOfGroup: started.isOfGroup,
    hasMembers: started.isOfGroup && !started.isOfPractice,
    level: levelOf(record.request, started.isOfGroup ? options.groupId : undefined),
    kickedOffAt,
    lastKickedOffAt: kickedOffAt,
    offeredTypes,
    ...scopes,
  };
  // Without a status URL there is nothing to poll and to download. There is no transaction time either, so the watermarks stay.
  const to = statusUrl === undefined ? 'finalizing' : 'exporting';
  // Those of an attempt before a retry must not count for this one.
  const unset = [
    'retrying',
    'transactionTime',
    ...(scopes.exportScope === undefined ? ['exportScope' as const] : []),
  ] as const;
  const uncovered = uncoveredTypes({ ...record, ...change });
  const { grantedScope: scope } = scopes;
  const withheld = sent.refusedTypes.filter((resourceType) => isUncovered({ scope, resourceType }));
  const warnings = [
    ...dropped
      .filter((name) => !withheld.some((type) => name === `_type=${type}`))
      .map((name) => ({ code: 'parameter-dropped' as const, message: describeDropped(name) })),
    ...(withheld.length > 0 ? [{ code: 'types-withheld' as const, message: describeWithheld(withheld) }] : []),
    ...(uncovered.length > 0 ? [{ code: 'types-not-covered' as const, message: describeUncovered(uncovered) }] : []),
    ...(noChanges ? [noChangesWarning(noChanges)] : []),
  ].filter(({ message }) => !record.warnings.some((known) => known.message === message));
  // Without the URL the export at the server can be neither polled nor deleted. What was left out is stored with it, because only this attempt knows.
  const exporting = await untilStored(
    () => store.bulkExports.transition({ from: record, to, change, unset, warnings }),
    signal,
  );
  logger.info('export kicked off', { exportId: record.id, droppedParameters: dropped });
  return exporting;
}

function noChangesWarning({ ehrText, unneededUrl }: NonNullable<KickOff['noChanges']>) {
  const proof =
    unneededUrl === undefined
      ? 'It has accepted the same kick-off without `_since` before'
      : 'It accepted the same kick-off without `_since` now, whose export was not needed and is deleted there';
  const message = `The EHR returned 404 to the kick-off with \`_since\`. ${proof}, so this means that nothing has changed. An operator can read what it said.`;
  return { code: 'no-changes' as const, message, ehrText };
}

function describeUncovered(types: readonly string[]): string {
  return `The EHR declares ${types.join(', ')}, and the granted scopes do not cover ${types.length === 1 ? 'it' : 'them'}, so the export lacks them. Add the scopes to the application at the EHR. If the connection requests fixed scopes, replace its credentials too.`;
}

function describeWithheld(types: readonly string[]): string {
  return `The granted scopes do not cover ${types.join(', ')}, so the EHR does not export ${types.length === 1 ? 'it' : 'them'}. Add the scope to the application at the EHR and to the connection, or leave the type out of the request. Its watermark does not advance.`;
}

function describeDropped(dropped: string): string {
  if (dropped === 'GET' || dropped === 'POST') {
    return `The EHR does not accept a kick-off by ${dropped}. The export was requested by the other method.`;
  }
  const type = /^_type=(.+)/.exec(dropped)?.[1];
  if (type)
    return `The EHR does not export ${type}. The export was made without that type, and its watermark does not advance.`;
  if (dropped === '_type')
    return 'The EHR did not accept `_type` for this export. It exports every type, and only the requested types are stored.';
  return `The EHR does not support ${dropped}. The export was made without it.`;
}

/** Records why the EHR has not accepted an export yet, and when the kick-off is tried again. */
async function noteKickOffRetry(
  { store, now }: BulkExportDeps<'bulkExports'>,
  options: { readonly exportId: string; readonly error: unknown; readonly nextAttemptAt: Date },
): Promise<void> {
  const { exportId: id, error, nextAttemptAt } = options;
  const record = await store.bulkExports.find(id);
  if (!record || (record.phase !== 'queued' && record.phase !== 'kicking-off')) return;
  const knownError = toKnownError(error);
  if (knownError.code === 'kick-off-under-way') return;
  const { until } = knownError.context;
  const { retrying, event } = noteRetry({
    before: record.retrying,
    error: knownError,
    now: now(),
    // A job waits for at most an hour at a time, and then only looks whether the wait is over.
    nextAttemptAt: until instanceof Date ? until : nextAttemptAt,
  });
  const waiting = event && ({ kind: 'waiting', ...event } as const);
  await store.bulkExports.update({ id, phase: record.phase, change: { retrying }, event: waiting });
}
