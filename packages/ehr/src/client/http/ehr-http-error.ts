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
    const code = codeOf(status);
    const usual = ehrError.table[code].message;
    const message = status === 413 ? tooLarge : hadToken ? usual : (withoutToken[code] ?? usual);
    const context = { status, host, reason: listIssueCodes(issues) };
    super({ code, message, retry: retryAdvice(options), ehrText, context });
    this.status = status;
    this.issues = issues;
    this.retryAfterMs = retryAfterMs;
  }
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

type HttpErrorCode = ReturnType<typeof codeOf>;

function codeOf(status: number) {
  if (status === 401) return 'ehr-unauthorized';
  if (status === 403) return 'ehr-forbidden';
  if (status === 404 || status === 410) return 'ehr-not-found';
  if (status === 429) return 'ehr-throttled';
  return status >= 500 ? 'ehr-unavailable' : 'ehr-rejected';
}

function retryAdvice(options: {
  readonly status: number;
  readonly issues: readonly OutcomeIssue[];
  readonly retryAfterMs: number | undefined;
}): RetryAdvice {
  const { status, issues, retryAfterMs } = options;
  if (status === 429) return { afterMs: retryAfterMs ?? 60_000 };
  if (status >= 500 || status === 408 || isTransient(issues)) {
    return retryAfterMs === undefined ? 'later' : { afterMs: retryAfterMs };
  }
  return 'never';
}
