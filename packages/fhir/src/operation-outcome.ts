export interface OutcomeIssue {
  /** fatal | error | warning | information */
  readonly severity: string;
  /** https://hl7.org/fhir/R4/valueset-issue-type.html */
  readonly code: string;
  readonly text?: string;
  readonly diagnostics?: string;
  /** Element paths or parameter names that the issue names. */
  readonly expression: readonly string[];
}

export function isOperationOutcome(value: unknown): boolean {
  return (value as { resourceType?: unknown } | null)?.resourceType === 'OperationOutcome';
}

/**
 * The issues of an OperationOutcome, or none if `value` is something else. `details` is read as a CodeableConcept or as a
 * plain string, which athenahealth sends.
 */
export function readOutcomeIssues(value: unknown): readonly OutcomeIssue[] {
  if (!isOperationOutcome(value)) return [];
  const { issue } = value as { issue?: unknown };
  if (!Array.isArray(issue)) return [];
  return issue.filter((one) => typeof one === 'object' && one !== null).map(readIssue);
}

/** Whether the server says that the same request may succeed later (FHIR Bulk Data, "Response - Error Status"). */
export function isTransient(issues: readonly OutcomeIssue[]): boolean {
  return issues.length > 0 && issues.every(({ code }) => transientCodes.has(code));
}

const transientCodes = new Set(['transient', 'timeout', 'throttled', 'lock-error', 'no-store']);

function readIssue(issue: Record<string, unknown>): OutcomeIssue {
  const diagnostics = typeof issue.diagnostics === 'string' ? issue.diagnostics : undefined;
  const text = detailsText(issue.details) ?? diagnostics;
  const paths = [issue.expression, issue.location].flat().filter((path) => typeof path === 'string');
  return {
    severity: typeof issue.severity === 'string' ? issue.severity : 'error',
    code: typeof issue.code === 'string' ? issue.code : 'unknown',
    ...(text === undefined ? {} : { text }),
    ...(diagnostics === undefined ? {} : { diagnostics }),
    expression: paths as string[],
  };
}

function detailsText(details: unknown): string | undefined {
  if (typeof details === 'string') return details;
  if (typeof details !== 'object' || details === null) return undefined;
  const { text, coding } = details as { text?: unknown; coding?: readonly { display?: unknown }[] };
  if (typeof text === 'string') return text;
  const display = Array.isArray(coding) ? coding[0]?.display : undefined;
  return typeof display === 'string' ? display : undefined;
}
