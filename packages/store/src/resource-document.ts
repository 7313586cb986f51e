import { hash } from 'node:crypto';
import type { ResourceVersion } from '@bulkhead/domain';
import {
  extractSearchKeys,
  isSubsetted,
  maxSummaryBytes,
  type Resource,
  type ResourceSummary,
  type SearchKeys,
  summarize,
} from '@bulkhead/fhir';
import mongoose from 'mongoose';
import { encodeExactNumbers, type NumberText } from './exact-number-codec.ts';

/** Where a version of a resource came from: a line (from 1) of an export's file, or a step of an enhanced sync. */
export type ResourceSource =
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
  const updatedAt = new Date(typeof lastUpdated === 'string' ? lastUpdated : Number.NaN);
  const summary = summarize(resource);
  const document = {
    ...identify(context, resource.id),
    // A server that sends no lastUpdated says with its transactionTime when this version was current.
    lastUpdated: Number.isNaN(updatedAt.getTime()) ? context.observedAt : updatedAt,
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

/** Says that a resource was deleted at the server, as of the export's transactionTime. */
export function toTombstone({
  resourceId,
  context,
}: {
  resourceId: string;
  context: DocumentContext;
}): ResourceDocument {
  return {
    ...identify(context, resourceId),
    lastUpdated: context.observedAt,
    contentHash: '',
    deleted: true,
    subsetted: false,
    keys: {},
  };
}

/** BSON's limit, less what the writer adds: ten earlier versions of up to 350 bytes each, and a number. */
const maxDocumentBytes = 16 * 1024 * 1024 - 4096;
/**
 * BSON spends at most about four times a JSON text (arrays of small numbers), and a summary comes on top, so shorter lines
 * need no measuring.
 */
const certainlyFits = (maxDocumentBytes - maxSummaryBytes) / 4;

/** Whether MongoDB takes the document. @param jsonBytes length of the line that it was made from. */
export function fitsInDocument(document: ResourceDocument, jsonBytes: number): boolean {
  return jsonBytes < certainlyFits || mongoose.mongo.BSON.calculateObjectSize(document) <= maxDocumentBytes;
}

export type UnstorableReason = 'too-large' | 'nul-in-key' | 'nested-too-deep';

/** Why MongoDB does not take the document, if it does not. @param jsonBytes length of the JSON that it was made from. */
export function unstorableReason(document: ResourceDocument, jsonBytes: number): UnstorableReason | undefined {
  return keyFault(document.resource, 0) ?? (fitsInDocument(document, jsonBytes) ? undefined : 'too-large');
}

/** MongoDB allows 100 levels; the resource is the second one of its document. */
const maxLevels = 98;

/** BSON ends a key at a NUL, so no document can have one in a key. */
function keyFault(node: unknown, level: number): UnstorableReason | undefined {
  if (typeof node !== 'object' || node === null) return undefined;
  if (level === maxLevels) return 'nested-too-deep';
  for (const [key, value] of Object.entries(node)) {
    const fault = key.includes('\0') ? 'nul-in-key' : keyFault(value, level + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function identify({ connectionId, source, observedAt, now }: DocumentContext, resourceId: string) {
  return { _id: `${connectionId}/${resourceId}`, connectionId, resourceId, observedAt, source, storedAt: now };
}
