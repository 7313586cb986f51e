import { isTransient, listIssueCodes, type OutcomeIssue } from '@bulkhead/fhir';
import { AppError, type RetryAdvice } from '@bulkhead/runtime';

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
    readonly ehrText?: string | undefined;
  }) {
    const { status, issues, retryAfterMs, host, ehrText } = options;
    const { code, message } = describe(status);
    const retry = retryAdvice(options);
    super({
      code,
      message,
      retry,
      ehrText,
      context: { status, host, reason: listIssueCodes(issues) },
    });
    this.status = status;
    this.issues = issues;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Messages by status, from the guide's Troubleshooting section. */
function describe(status: number): { code: string; message: string } {
  if (status === 401) {
    return {
      code: 'ehr-unauthorized',
      message:
        'The EHR rejected the access token. Verify the client id, the credentials and the scopes that were granted.',
    };
  }
  if (status === 403) {
    return {
      code: 'ehr-forbidden',
      message: 'The EHR denied access. Verify that the granted scopes and the practice cover the request.',
    };
  }
  if (status === 404 || status === 410) {
    return {
      code: 'ehr-not-found',
      message: 'The EHR does not have this resource, or no longer has it. Verify the id and the FHIR endpoint.',
    };
  }
  if (status === 429) {
    return {
      code: 'ehr-throttled',
      message: 'The EHR asked for fewer requests. The work continues automatically after a wait.',
    };
  }
  if (status >= 500) {
    return {
      code: 'ehr-unavailable',
      message:
        "The EHR failed to answer. The request will be retried. If it keeps failing, check the EHR's status page.",
    };
  }
  return {
    code: 'ehr-rejected',
    message: "The EHR rejected the request as invalid. An operator can read the EHR's own explanation.",
  };
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
