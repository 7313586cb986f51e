import { isOperationOutcome, type OutcomeIssue, readOutcomeIssues } from './operation-outcome.ts';

/** One page of a search (https://hl7.org/fhir/R4/bundle.html#searchset). */
export interface SearchBundle {
  /** Matches and includes, as they came; whether each is a resource is still to be looked at. */
  readonly resources: readonly unknown[];
  /** What OperationOutcome entries say: athenahealth answers a bad id with 200 and one of these instead of matches. */
  readonly issues: readonly OutcomeIssue[];
  /** `link[next]`, as written. */
  readonly nextUrl?: string;
}

/** @returns undefined for anything but a Bundle. */
export function readSearchBundle(value: unknown): SearchBundle | undefined {
  const bundle = value as { resourceType?: unknown; entry?: unknown; link?: unknown } | null;
  if (bundle?.resourceType !== 'Bundle') return undefined;
  const resources = listOf(bundle.entry).map((entry) => (entry as { resource?: unknown } | null)?.resource);
  const nextUrl = readNext(bundle.link);
  return {
    resources: resources.filter((one) => one !== undefined && !isOperationOutcome(one)),
    issues: resources.filter(isOperationOutcome).flatMap((one) => readOutcomeIssues(one)),
    ...(nextUrl === undefined ? {} : { nextUrl }),
  };
}

function readNext(links: unknown): string | undefined {
  const next = listOf(links).find((link) => (link as { relation?: unknown } | null)?.relation === 'next');
  const url = (next as { url?: unknown } | undefined)?.url;
  return typeof url === 'string' ? url : undefined;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
