import { hash } from 'node:crypto';
import {
  extractSearchKeys,
  isSubsetted,
  maxSummaryBytes,
  type Resource,
  type ResourceSummary,
  type SearchKeys,
  summarize,
} from '@bulkhead/fhir';
import { encodeExactNumbers, type NumberText } from '@bulkhead/store';
import mongoose from 'mongoose';
import { plausibleTime, type ResourceVersion } from './resource-version.ts';

/** Where a version of a resource came from: a line (from 1) of an export's file, or a step of an enhanced sync. */
type ResourceSource =
  | { readonly exportId: string; readonly fileId: string; readonly line: number }
  | { readonly syncRunId: string; readonly stepId: string };

/** A document of a resource collection: one per resource, named and found by `_id`. */
export interface ResourceDocument extends ResourceVersion {
  /** `<connectionId>/<resource id>`: a natural key, so that an upsert can never duplicate. */
  readonly _id: string;
  readonly connectionId: string;
  readonly resourceId: string;
  readonly source: ResourceSource;
  readonly storedAt: Date;
  readonly keys: SearchKeys;
  /** Of the five enhanced types: what the guide lists of them, to be searched. */
  readonly summary?: ResourceSummary;
  /** As received; absent in a tombstone. Numbers that a double would change are Decimal128. */
  readonly resource?: unknown;
  /** The texts of numbers that not even Decimal128 keeps, such as `1e2`. */
  readonly numberTexts?: readonly NumberText[];
}

interface DocumentContext {
  readonly connectionId: string;
  readonly source: ResourceSource;
  /** The export's transactionTime. */
  readonly observedAt: Date;
  readonly now: Date;
}

export function toResourceDocument(options: {
  readonly resource: Resource;
  /** The line that `resource` was parsed from: its hash tells whether content changed, without a second serialization. */
  readonly json: Buffer;
  readonly hasExactNumbers: boolean;
  readonly context: DocumentContext;
}): ResourceDocument {
  const { resource, json, hasExactNumbers, context } = options;
  const encoded = hasExactNumbers ? encodeExactNumbers(resource) : { value: resource, numberTexts: [] };
  const { versionId, lastUpdated } = resource.meta ?? {};
  const claimed = typeof lastUpdated === 'string' ? new Date(lastUpdated) : undefined;
  const summary = summarize(resource);
  const document = {
    ...identify(context, resource.id),
    // If the server gives no plausible time, its transactionTime says when this version was current.
    lastUpdated: plausibleTime({ claimed, observedAt: context.observedAt }),
    ...(typeof versionId === 'string' ? { versionId } : {}),
    contentHash: hash('sha256', json, 'base64url'),
    deleted: false,
    subsetted: isSubsetted(resource),
    keys: extractSearchKeys(resource),
    resource: encoded.value,
    ...(encoded.numberTexts.length > 0 ? { numberTexts: encoded.numberTexts } : {}),
  };
  if (summary === undefined) return document;
  const summarized = { ...document, summary };
  // The resource counts: one that only its summary would push over the limit is stored without.
  return fitsInDocument(summarized, json.length) ? summarized : document;
}

/**
 * Says that the server deleted a resource.
 * @param options.deletedAt when, if the server says so.
 */
export function toTombstone(options: {
  readonly resourceId: string;
  readonly deletedAt?: Date | undefined;
  readonly context: DocumentContext;
}): ResourceDocument {
  const { resourceId, deletedAt, context } = options;
  return {
    ...identify(context, resourceId),
    lastUpdated: plausibleTime({ claimed: deletedAt, observedAt: context.observedAt }),
    contentHash: '',
    deleted: true,
    subsetted: false,
    keys: {},
  };
}

/** BSON's limit, less what the writer adds: ten earlier versions of up to 350 bytes each, and a number. */
const maxDocumentBytes = 16 * 1024 * 1024 - 4096;
/**
 * BSON takes at most seven times the bytes of a JSON text: a number of one digit and its comma become 13 bytes in an array of a
 * million. A summary is added to that. Shorter lines need not be measured.
 */
const certainlyFits = (maxDocumentBytes - maxSummaryBytes) / 7;

/** Whether MongoDB takes the document. @param jsonBytes length of the line that it was made from. */
export function fitsInDocument(document: ResourceDocument, jsonBytes: number): boolean {
  return jsonBytes < certainlyFits || mongoose.mongo.BSON.calculateObjectSize(document) <= maxDocumentBytes;
}

function identify({ connectionId, source, observedAt, now }: DocumentContext, resourceId: string) {
  return { _id: `${connectionId}/${resourceId}`, connectionId, resourceId, observedAt, source, storedAt: now };
}

/** A version of a resource that was stored, and where it came from. Its content is not kept. */
export interface SourcedVersion extends Pick<ResourceVersion, 'lastUpdated' | 'versionId' | 'deleted'> {
  readonly source: ResourceSource;
  readonly storedAt: Date;
}

/** Enough to see how a record came to be as it is; `maxDocumentBytes` leaves room for as many. */
const keptVersions = 10;
/** https://hl7.org/fhir/R4/datatypes.html#id; what is longer may be of any length. */
const longestVersionId = 64;

/** The history of what replaces `stored`, newest first. Other orders of writing have other histories: it is where this one went. */
export function earlierVersions(
  stored: SourcedVersion & { readonly earlier?: readonly SourcedVersion[] },
): readonly SourcedVersion[] {
  const { lastUpdated, versionId, deleted, source, storedAt, earlier = [] } = stored;
  const isNamed = versionId !== undefined && versionId.length <= longestVersionId;
  return [{ ...(isNamed ? { versionId } : {}), lastUpdated, deleted, source, storedAt }, ...earlier].slice(
    0,
    keptVersions,
  );
}
