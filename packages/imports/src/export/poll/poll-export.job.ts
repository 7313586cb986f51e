/*
 * While an export is in phase `exporting`, a job scheduler runs `pollExport` every poll interval. `notBefore` can skip iterations.
 *
 *   202                      plan the next status request: see `pollDelay`
 *   200                      accept the manifest -> `downloading`
 *   transient error          plan the next request with a doubled wait, fail the export after `maxPollErrors` in a row
 *   request to wait (429)    plan the next request, without counting an error
 *   404 before any status    ask again for some minutes: what was never seen cannot have expired
 *   404, 410, final error    fail the export
 *   over an hour             warn
 *   over 48 hours            fail the export
 */

import { type AppError, briefAttempts, toExportError, toKnownError } from '@bulkhead/base';
import { connectionGone } from '@bulkhead/connections/steps';
import { EhrHttpError, readExportStatus, refusesHeaders } from '@bulkhead/ehr';
import { isTransient, listIssueCodes } from '@bulkhead/fhir';
import { work } from '@bulkhead/queues';
import { whileLeased } from '@bulkhead/store';
import { isInPhase, isInterrupted, noteRetry } from '../../runs/index.ts';
import type { BulkExport } from '../bulk-export.record.ts';
import { exportError } from '../errors.ts';
import type { BulkExportDeps, ExportStep } from '../export-deps.ts';
import { exportGone, failExport, failExportIn } from '../fail-export.ts';
import { pollJob } from '../jobs.ts';
import { boundsOf, isPollDue, notThereYet, planPoll, pollDelay, pollErrorDelay, pollWaitDelay } from '../poll-delay.ts';
import { connectionOf } from '../sent-request.ts';
import { acceptManifest } from './accept-manifest.ts';

type Deps = BulkExportDeps<'bulkExports' | 'connections' | 'exportLeases' | 'outputFiles' | 'prepareResourceTypes'>;

export const pollWork = work(pollJob, { run: pollExport, onFinalFailure: failExportIn('exporting') });

/** The guide: contact support if an export is stuck for more than an hour. */
const stuckAgeMs = 60 * 60_000;
/** Real exports take 6 h on average and under 24 h. After twice that time none is expected. */
const maxExportAgeMs = 48 * 60 * 60_000;
/** Consecutive status requests that may fail. With the doubled waits they last through an EHR outage of about two hours. */
const maxPollErrors = 15;

/** Sends one status request if one is due. Iterations overlap if a server is slow: it gets 90 s to answer. */
export async function pollExport(deps: Deps, { exportId, signal }: ExportStep): Promise<void> {
  const { store, producer, now } = deps;
  const record = await store.bulkExports.find(exportId);
  if (!record || !isInPhase(record, 'exporting')) {
    await producer.unschedule(pollJob, { exportId });
    return;
  }
  if (!isPollDue(record, { now: now(), tickMs: boundsOf(deps, record).floorMs })) return;
  await whileLeased({
    leases: store.exportLeases,
    id: exportId,
    run: async () => {
      try {
        await checkAge(deps, record);
        await requestStatus(deps, { record, signal });
      } catch (error) {
        if (isInterrupted({ signal, error })) throw error;
        await handleError(deps, { record, error });
      }
    },
  });
}

async function requestStatus(
  deps: Deps,
  { record, signal }: { readonly record: BulkExport & { readonly phase: 'exporting' }; readonly signal: AbortSignal },
) {
  const { store, producer, ehr, now } = deps;
  const connection = await store.connections.findWithSecrets(record.connectionId);
  if (!connection || record.statusUrl === undefined) throw connectionGone();
  const session = ehr.session(connectionOf(connection, record));
  const { statusUrl, statusForm: form } = record;
  const sentAt = now();
  const status = await readExportStatus({ session, statusUrl, form, signal }).catch((error: unknown) => {
    throw toStatusError(error, record, sentAt);
  });
  if (status.kind === 'complete') {
    await acceptManifest(deps, { record, manifest: status.manifest });
    return producer.unschedule(pollJob, { exportId: record.id });
  }
  const { waitMs, reason: pollReason } = pollDelay({
    retryAfterMs: status.retryAfterMs,
    ...boundsOf(deps, record),
    ageMs: sentAt.getTime() - (record.kickedOffAt ?? record.createdAt).getTime(),
    earlier: await store.bulkExports.earlierExports(record),
  });
  const hasChanged = status.progress !== undefined && status.progress !== record.progress;
  const hasMoved = hasChanged || record.progressedAt === undefined;
  const change = {
    pollCount: record.pollCount + 1,
    pollErrors: 0,
    statusForm: status.form,
    // A server counts its Retry-After from its answer.
    ...planPoll({ now: pollReason === 'retry-after' ? now() : sentAt, waitMs }),
    pollReason,
    ...(status.progress === undefined ? {} : { progress: status.progress }),
    ...(hasMoved ? { progressedAt: now() } : {}),
  };
  const event = hasChanged ? ({ kind: 'progress', ehrText: status.progress } as const) : undefined;
  await store.bulkExports.update({ id: record.id, phase: 'exporting', change, unset: ['retrying'], event });
}

async function checkAge({ store, now }: BulkExportDeps<'bulkExports'>, record: BulkExport): Promise<void> {
  const { id, retriedAt, kickedOffAt, createdAt } = record;
  const startedAt = kickedOffAt ?? createdAt;
  // A manual retry restarts the age limit.
  const ageMs = now().getTime() - Math.max(startedAt.getTime(), retriedAt?.getTime() ?? 0);
  if (ageMs > maxExportAgeMs) throw exportError('export-timeout');
  if (ageMs > stuckAgeMs) {
    const message =
      "The EHR has been exporting for over an hour. Exports can take a day. If this one does not end, contact the EHR's support.";
    await store.bulkExports.warn({ id, code: 'export-slow', message });
  }
}

async function handleError(
  deps: BulkExportDeps<'bulkExports' | 'outputFiles'>,
  { record, error }: { readonly record: BulkExport; readonly error: unknown },
): Promise<void> {
  const { store, logger, now } = deps;
  const knownError = toKnownError(error);
  const { retry } = knownError;
  const afterMs = typeof retry === 'object' ? retry.afterMs : undefined;
  // A wait that the EHR or the budget requests is not a failure. The age limit of the export ends such waits.
  const pollErrors = afterMs === undefined ? record.pollErrors + 1 : record.pollErrors;
  const limit = { never: 0, briefly: briefAttempts - 1, later: maxPollErrors };
  const isFinal = typeof retry !== 'object' && pollErrors > limit[retry];
  const { id: exportId, version } = record;
  if (isFinal) return failExport(deps, { exportId, error: toExportError(error), phases: ['exporting'], version });
  logger.warn('status request failed', { exportId, count: pollErrors, error });
  const bounds = boundsOf(deps, record);
  const waitMs =
    afterMs === undefined
      ? pollErrorDelay({ errorsInARow: pollErrors, ...bounds })
      : pollWaitDelay({ afterMs, ...bounds });
  const plan = planPoll({ now: now(), waitMs });
  const { retrying, event } = noteRetry({
    before: record.retrying,
    error: knownError,
    now: now(),
    nextAttemptAt: plan.notBefore,
  });
  const change = { pollErrors, pollCount: record.pollCount + 1, retrying, ...plan };
  const waiting = event && ({ kind: 'waiting', ...event } as const);
  const unset = ['pollReason'] as const;
  await store.bulkExports.update({ id: exportId, phase: 'exporting', change, unset, event: waiting });
}

/**
 * An error status means that the export failed, unless an OperationOutcome says that it is transient (FHIR Bulk Data,
 * "Response - Error Status"). A 5xx without an OperationOutcome may come from a gateway, and the export may still be running.
 */
function toStatusError(error: unknown, { progressedAt, kickedOffAt, createdAt }: BulkExport, now: Date): unknown {
  if (!(error instanceof EhrHttpError)) return error;
  const { status, issues } = error;
  // What was never seen cannot have expired.
  const since = progressedAt === undefined ? (kickedOffAt ?? createdAt) : undefined;
  const early = notThereYet(error, { code: 'export-not-there-yet', since, now });
  if (early) return early;
  if (status === 404 || status === 410) return exportGone(error);
  const isAboutAccess = status === 401 || status === 403 || status === 408 || status === 429;
  const isOutage = status >= 502 && status <= 504;
  if (isAboutAccess || refusesHeaders(error) || isOutage || isTransient(issues)) return error;
  return status < 500 || issues.length > 0 ? failedAtEhr(error) : error;
}

function failedAtEhr(cause: EhrHttpError): AppError {
  const { status, issues } = cause;
  return exportError('export-failed-at-ehr', {
    message:
      status === 413
        ? 'The EHR reports that its export is too large. A retry would fail too. Export fewer types at a time, or only changes with `since`.'
        : "The EHR reports that its export failed. Retry the export. If it fails again, request fewer types or contact the EHR's support.",
    context: { status, reason: listIssueCodes(issues) },
    cause,
    ehrText: cause.ehrText,
  });
}
