import { runSteps, type Steps } from '../json/steps.ts';
import { isResourceType } from './resource.ts';

export interface OutcomeIssue {
  /** fatal | error | warning | information. Any other value from a server counts as an error. */
  readonly severity: string;
  /**
   * A code of https://hl7.org/fhir/R4/valueset-issue-type.html, or `other`. A server may send any text as a code, such as a
   * person's name, and codes are logged.
   */
  readonly code: string;
  readonly text?: string;
  readonly diagnostics?: string;
  /** Element paths or parameter names in the issue. */
  readonly expression: readonly string[];
}

export function isOperationOutcome(value: unknown): boolean {
  return (value as { resourceType?: unknown } | null)?.resourceType === 'OperationOutcome';
}

/**
 * Reads the issues of an OperationOutcome, or none if `value` is something else. `details` is read as a CodeableConcept or as a
 * plain string, which athenahealth sends.
 */
export function readOutcomeIssues(value: unknown): readonly OutcomeIssue[] {
  if (!isOperationOutcome(value)) return [];
  const { issue } = value as { issue?: unknown };
  if (!Array.isArray(issue)) return [];
  return issue.filter((entry) => typeof entry === 'object' && entry !== null).map(readIssue);
}

/** An issue as it is counted. Its codes are FHIR's own, so they can be logged and shown. */
export interface ReportedIssue {
  readonly severity: string;
  readonly code: string;
  /** The resource types that the issue is proven to affect, sorted. If absent, it may affect any type. */
  readonly types?: readonly string[];
  /** The text as the server wrote it. */
  readonly text?: string;
}

/** Reads the issues of an OperationOutcome in a file. An outcome without issues still says that something went wrong. */
export function readReportedIssues(outcome: unknown): readonly ReportedIssue[] {
  return runSteps(readReportedIssuesInSteps(outcome));
}

/** Some 10 ms. */
const issuesPerStep = 1000;

export function* readReportedIssuesInSteps(outcome: unknown): Steps<readonly ReportedIssue[]> {
  const issues = readOutcomeIssues(outcome);
  if (issues.length === 0) return [{ severity: 'error', code: 'unknown' }];
  const reported: ReportedIssue[] = [];
  for (const issue of issues) {
    reported.push(toReportedIssue(issue));
    if (reported.length % issuesPerStep === 0) yield;
  }
  return reported;
}

function toReportedIssue(issue: OutcomeIssue): ReportedIssue {
  const types = typesOf(issue);
  const texts = [...new Set([issue.text, issue.diagnostics].filter((text) => text !== undefined))];
  return {
    severity: issue.severity,
    code: issue.code,
    ...(types === undefined ? {} : { types }),
    ...(texts.length === 0 ? {} : { text: texts.join(': ') }),
  };
}

/** https://hl7.org/fhir/R4/valueset-issue-severity.html */
const severities: ReadonlySet<string> = new Set(['fatal', 'error', 'warning', 'information']);
/** https://hl7.org/fhir/R4/valueset-issue-type.html */
const issueCodes: ReadonlySet<string> = new Set(
  `invalid structure required value invariant security login unknown expired forbidden suppressed processing
  not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly business-rule
  conflict transient lock-error no-store exception timeout incomplete throttled informational`.split(/\s+/),
);

/** The first element of a FHIRPath or an XPath, such as `Patient.name` or `/f:Patient/f:name`. */
const pathStart = /^(?:\/?f:)?([A-Za-z]+)(?=$|[./[])/;
const referenceInText = /\b([A-Za-z]+)\/[A-Za-z0-9\-.]/g;
/** A path into one of these does not say which resources in it are affected. */
const containers: ReadonlySet<string> = new Set(['Bundle', 'Parameters', 'OperationOutcome']);
/** A problem with one of these may affect everything that belongs to it. */
const owners: ReadonlySet<string> = new Set(['Patient', 'Group']);

/** A longer text is not the sentence of an issue, and looking for names in it takes long. */
const maxSearchedCharacters = 10_000;

function typesOf({ expression, text = '', diagnostics = '' }: OutcomeIssue): string[] | undefined {
  const ofPaths = expression.map((path) => pathStart.exec(path)?.[1] ?? '');
  const isProven = (type: string) => isResourceType(type) && !containers.has(type);
  if (ofPaths.length > 0) return ofPaths.every(isProven) ? distinct(ofPaths) : undefined;
  const texts = `${text} ${diagnostics}`;
  if (texts.length > maxSearchedCharacters) return undefined;
  const referenced = [...texts.matchAll(referenceInText)].map(([, type = '']) => type);
  if (!referenced.some((type) => isProven(type) && !owners.has(type))) return undefined;
  // "Observation cannot be read: Encounter/1 is missing" concerns both.
  return distinct([...texts.matchAll(/[A-Za-z]+/g)].map(([word]) => word).filter(isResourceType));
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)].toSorted();
}

/** The codes of the issues for a log line. Each is listed once, so that FHIR's list bounds their number. */
export function listIssueCodes(issues: readonly OutcomeIssue[]): string {
  return distinct(issues.map(({ code }) => code)).join(',');
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
    severity: memberOf(severities, issue.severity) ?? 'error',
    code: issue.code === undefined ? 'unknown' : (memberOf(issueCodes, issue.code) ?? 'other'),
    ...(text === undefined ? {} : { text }),
    ...(diagnostics === undefined ? {} : { diagnostics }),
    expression: paths as string[],
  };
}

function memberOf(codes: ReadonlySet<string>, code: unknown): string | undefined {
  return typeof code === 'string' && codes.has(code) ? code : undefined;
}

function detailsText(details: unknown): string | undefined {
  if (typeof details === 'string') return details;
  if (typeof details !== 'object' || details === null) return undefined;
  const { text, coding } = details as { text?: unknown; coding?: readonly { display?: unknown }[] };
  if (typeof text === 'string') return text;
  const display = Array.isArray(coding) ? coding[0]?.display : undefined;
  return typeof display === 'string' ? display : undefined;
}
