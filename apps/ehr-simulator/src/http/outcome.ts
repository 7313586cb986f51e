import type { Reply } from './reply.ts';

interface OutcomeErrorOptions {
  readonly status: number;
  /** An `issue.code` of FHIR's IssueType. */
  readonly code: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error answer. `endpoint` turns it into an OperationOutcome. */
export class OutcomeError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor({ status, code, text, headers = {} }: OutcomeErrorOptions) {
    super(text);
    this.name = 'OutcomeError';
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** Builds an OperationOutcome. athenahealth puts its text into `details` and little into `diagnostics`. */
export function outcomeReply({ status, code, message, headers }: Omit<OutcomeError, 'name'>): Reply {
  const issue = [{ severity: 'error', code, details: { text: message }, diagnostics: message }];
  return {
    status,
    headers: { 'content-type': 'application/fhir+json', ...headers },
    document: { resourceType: 'OperationOutcome', issue },
  };
}
