import { runSteps, type Steps } from '../json/steps.ts';
import { isResourceId, isResourceType } from '../resources/resource.ts';
import { withoutLeapSecond } from '../search/date-range.ts';

export interface Deletion {
  readonly resourceType: string;
  readonly resourceId: string;
  /** When the server deleted it, if the server says so. */
  readonly deletedAt?: Date;
}

export interface ReadDeletions {
  readonly deletions: readonly Deletion[];
  /** The number of entries, or one for the line itself, that name no resource to delete. */
  readonly unreadable: number;
}

/**
 * Reads the deletions in one line of a `deleted` file: a Bundle of DELETE entries (a transaction by FHIR Bulk Data, "Bulk Data
 * Output File", but some servers send a history), or a plain reference. A deletion must name exactly one resource. Anything else is
 * counted as unreadable and deletes nothing, because a wrong guess would remove a patient's data.
 */
export function readDeletions(line: unknown): ReadDeletions {
  return runSteps(readDeletionsInSteps(line));
}

/** Some 20 ms. */
const entriesPerStep = 10_000;

export function* readDeletionsInSteps(line: unknown): Steps<ReadDeletions> {
  const { resourceType, entry, reference, timestamp, meta } = asObject(line);
  if (resourceType === undefined) return collect([readReference(reference)]);
  if (resourceType !== 'Bundle' || !Array.isArray(entry) || entry.length === 0) return collect([undefined]);
  const bundleTime = readInstant(timestamp) ?? readInstant(asObject(meta).lastUpdated);
  const read: (Deletion | undefined)[] = [];
  for (const item of entry) {
    read.push(readEntry(item, bundleTime));
    if (read.length % entriesPerStep === 0) yield;
  }
  return collect(read);
}

function collect(read: readonly (Deletion | undefined)[]): ReadDeletions {
  const deletions = read.filter((deletion) => deletion !== undefined);
  return { deletions, unreadable: read.length - deletions.length };
}

function readEntry(entry: unknown, bundleTime: Date | undefined): Deletion | undefined {
  const { request, response, fullUrl } = asObject(entry);
  const { method, url = fullUrl } = asObject(request);
  if (method !== 'DELETE') return undefined;
  const deletion = readReference(url);
  const deletedAt = readInstant(asObject(response).lastModified) ?? bundleTime;
  return deletion && deletedAt ? { ...deletion, deletedAt } : deletion;
}

/** `Type/id`, alone or at the end of the path of an http(s) URL. */
const literal = /^(?:https?:\/\/[^/?#\s]+(?:\/[^?#\s]*)?\/|\/?)([a-z]+)\/([^/?#\s]+)$/i;
/** A conditional deletion whose only criterion is one id. */
const byId = /^(?:https?:\/\/[^/?#\s]+(?:\/[^?#\s]*)?\/|\/?)([a-z]+)\?_id=([^/?#\s]+)$/i;

function readReference(url: unknown): Deletion | undefined {
  if (typeof url !== 'string') return undefined;
  const [, resourceType = '', resourceId = ''] = literal.exec(url) ?? byId.exec(url) ?? [];
  // MongoDB collections are named after types, so text that is not a type must never reach a collection name.
  return isResourceType(resourceType) && isResourceId(resourceId) ? { resourceType, resourceId } : undefined;
}

/** https://hl7.org/fhir/R4/datatypes.html#instant. JavaScript's own parser would also accept `1` as a date. */
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

function readInstant(value: unknown): Date | undefined {
  if (typeof value !== 'string' || !instant.test(value)) return undefined;
  const time = new Date(withoutLeapSecond(value));
  return Number.isNaN(time.getTime()) ? undefined : time;
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
