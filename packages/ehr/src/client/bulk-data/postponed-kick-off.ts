import type { AppError } from '@bulkhead/base';
import { namesOf } from '@bulkhead/fhir';
import type { ErrorBody } from '../answers/read-error-body.ts';
import { ehrError } from '../errors.ts';
import { isThrottling } from '../http/ehr-http-error.ts';
import { type KickOffAttempt, names, reasonsOf } from './negotiate-kick-off.ts';

/*
 * Servers refuse a kick-off for now in many ways: with 409, with an issue code, in words, or with 200 and an OperationOutcome instead of
 * the status URL (eClinicalWorks). Such a refusal becomes a wait. A refusal that could have another reason stays one.
 *
 *   429, and 403 "rate limit exceeded"           EhrHttpError, which already asks for a wait
 *   409, `duplicate`, `conflict`, "too many"     kick-off-busy: another export must end first
 *   "too recently" (Epic)                        kick-off-too-recent: the caller waits once, because it may mean something else
 */

/** Exports take minutes to hours, so the EHR rarely accepts another one earlier. */
const busyWaitMs = 10 * 60_000;
/** Epic exports a Group once within 24 hours. */
const recentWaitMs = 24 * 60 * 60_000;

/** Statuses that refuse a request, or that some servers send with a refusal. 5xx and 429 are retried anyway. */
const postponingStatuses: ReadonlySet<number> = new Set([200, 201, 202, 204, 400, 403, 409, 422, 423]);
const busyCodes: ReadonlySet<string> = new Set(['duplicate', 'conflict', 'lock-error', 'throttled']);
const busyTexts = [
  /\btoo many (?:active |concurrent |running |bulk )?(?:exports|export requests|export jobs|jobs|requests)\b/i,
  /\balready (?:running|in progress|being processed|active|queued)\b/i,
];
const recentText = /\btoo (?:recently|soon|frequently)\b/i;

/** @returns undefined if the EHR refuses the kick-off for good */
export function postponedKickOff(
  attempt: KickOffAttempt,
  refusal: ErrorBody & { readonly status: number; readonly retryAfterMs?: number | undefined },
): AppError | undefined {
  const { status, retryAfterMs, ehrText } = refusal;
  if (!postponingStatuses.has(status) || isThrottling(refusal)) return undefined;
  const parameters = namesOf(attempt.parameters);
  // A reason that names a parameter is about the request, and not about its time.
  const reasons = reasonsOf(refusal).filter((reason) => !parameters.some((name) => names(reason, name)));
  const says = (pattern: RegExp) => reasons.some(({ texts }) => texts.some((text) => pattern.test(text)));
  if (says(recentText))
    return ehrError('kick-off-too-recent', {
      retry: { afterMs: retryAfterMs ?? recentWaitMs },
      context: { status, isStated: retryAfterMs !== undefined },
      ehrText,
    });
  const hasBusyCode = reasons.some(({ code }) => busyCodes.has(code));
  const isConflict = status === 409 && refusal.issues.length === 0;
  if (!isConflict && !hasBusyCode && !busyTexts.some(says)) return undefined;
  return ehrError('kick-off-busy', { retry: { afterMs: retryAfterMs ?? busyWaitMs }, context: { status }, ehrText });
}
