import { AppError, type RetryAdvice } from '@bulkhead/base';
import { isTransient, listIssueCodes, type OutcomeIssue } from '@bulkhead/fhir';
import { ehrError } from '../errors.ts';

/** The EHR answered with an error status. */
export class EhrHttpError extends AppError {
  readonly status: number;
  readonly issues: readonly OutcomeIssue[];
  readonly retryAfterMs: number | undefined;

  constructor(options: {
    readonly status: number;
    readonly issues: readonly OutcomeIssue[];
    readonly retryAfterMs: number | undefined;
    readonly host: string;
    /** Whether the request had an access token. The default is true. */
    readonly hadToken?: boolean;
    readonly ehrText?: string | undefined;
  }) {
    const { status, issues, retryAfterMs, host, hadToken = true, ehrText } = options;
    const code = isThrottling(options) ? 'ehr-throttled' : codeOf(status);
    const usual = ehrError.table[code].message;
    const message = status === 413 ? tooLarge : hadToken ? usual : (withoutToken[code] ?? usual);
    const context = { status, host, reason: listIssueCodes(issues) };
    super({ code, message, retry: retryAdvice(options), ehrText, context });
    this.status = status;
    this.issues = issues;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whether the EHR says that the scopes of the token do not allow the request. A new token would have the same scopes. */
export function isAboutScopes(error: unknown): boolean {
  if (!(error instanceof EhrHttpError) || (error.status !== 401 && error.status !== 403)) return false;
  return /\bscopes?\b/i.test(error.ehrText ?? '');
}

/** Words with which gateways refuse a request for its time: "Developer Over Qps", "Rate limit exceeded", "Quota exceeded". */
const throttlingWords = /\b(?:over (?:qps|rate)|rate limit|too many requests|throttl\w*|quota (?:is )?exceeded)\b/i;

/** Whether a response asks for fewer requests: 429, or a 403 that says so, as athenahealth's gateway sends (two reports). */
export function isThrottling({
  status,
  ehrText = '',
}: {
  readonly status: number;
  readonly ehrText?: string | undefined;
}) {
  return status === 429 || (status === 403 && throttlingWords.test(ehrText));
}

/** A repetition would have the same answer. */
const tooLarge =
  'The EHR refused the request because it or its result is too large. Request fewer types at a time, or only changes with `since`.';

/** Messages for a request that had no access token. */
const withoutToken: Partial<Record<HttpErrorCode, string>> = {
  'ehr-unauthorized':
    'The EHR requires an access token for this request, and no access token was sent. Verify the method of the connection, and that the manifest declares which files need a token.',
  'ehr-forbidden':
    'The EHR denied access to a request for which no access token was sent. The link may have expired, or the EHR requires a token.',
};

type HttpErrorCode = ReturnType<typeof codeOf> | 'ehr-throttled';

function codeOf(status: number) {
  if (status === 401) return 'ehr-unauthorized';
  if (status === 403) return 'ehr-forbidden';
  if (status === 404 || status === 410) return 'ehr-not-found';
  return status >= 500 ? 'ehr-unavailable' : 'ehr-rejected';
}

function retryAdvice(options: {
  readonly status: number;
  readonly issues: readonly OutcomeIssue[];
  readonly retryAfterMs: number | undefined;
  readonly ehrText?: string | undefined;
}): RetryAdvice {
  const { status, issues, retryAfterMs } = options;
  if (isThrottling(options)) return { afterMs: retryAfterMs ?? 60_000 };
  if (status >= 500 || status === 408 || isTransient(issues)) {
    return retryAfterMs === undefined ? 'later' : { afterMs: retryAfterMs };
  }
  return 'never';
}
