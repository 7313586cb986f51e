import { hash } from 'node:crypto';
import {
  allPatientsOf,
  extractSearchKeys,
  isSubsetted,
  maxListedPatients,
  type Resource,
  runSteps,
  type SearchKeys,
  type Steps,
  withoutLeapSecond,
} from '@bulkhead/fhir';
import { encodeExactNumbers, type NumberText } from '@bulkhead/store/bson';
import mongoose from 'mongoose';
import { plausibleTime, type ResourceVersion } from './resource-version.ts';

/** The source of a version: a line (from 1) of an export's file, with the level of the export, or a step of an enhanced sync. */
type ResourceSource =
  | { readonly exportId: string; readonly fileId: string; readonly line: number; readonly level?: string }
  | { readonly syncRunId: string; readonly stepId: string };

/** The fields of a resource's document that do not depend on its content, except for its version. */
export interface DocumentHead extends ResourceVersion {
  /** `<connectionId>/<resource id>`, so that an upsert cannot create duplicates. */
  readonly _id: string;
  readonly connectionId: string;
  readonly resourceId: string;
  readonly source: ResourceSource;
  readonly storedAt: Date;
}

/** A document of a resource collection. Each resource has one, with a natural key as `_id`. */
export interface ResourceDocument extends DocumentHead {
  readonly keys: SearchKeys;
  /** The resource as received. Absent in a tombstone. Numbers that a double would change are Decimal128. */
  readonly resource?: unknown;
  /** The texts of numbers that Decimal128 would change too, such as `1e2`. */
  readonly numberTexts?: readonly NumberText[];
}

/** All patients in whose compartment a resource is. Those of a tombstone are the ones that the deletion named. */
export function patientsOfDocument({ keys, resource }: ResourceDocument): readonly string[] {
  const patients = [keys.patient ?? []].flat();
  // The keys list only the first patients. The resource is read only then, because that parses the whole line.
  return patients.length < maxListedPatients ? patients : allPatientsOf(resource as Resource);
}

export interface DocumentContext {
  readonly connectionId: string;
  readonly source: ResourceSource;
  /** See `ResourceVersion`. */
  readonly observedAt: Date;
  readonly isOfFullExport?: boolean;
  /** Whether the server's times are wrong, as after its clock went back. A deletion then counts from its observation. */
  readonly hasWrongTimes?: boolean;
  /** Whether only some elements were requested, so that no version is complete. */
  readonly isSubsetted?: boolean;
  readonly now: Date;
}

interface ReadResource {
  readonly resource: Resource;
  /** The line of `resource`. Its hash shows whether the content has changed, without a second serialization. */
  readonly json: Buffer;
  readonly hasExactNumbers: boolean;
  readonly context: DocumentContext;
}

export function toResourceDocument(options: ReadResource): ResourceDocument {
  return runSteps(toDocumentInSteps(options));
}

/** @returns undefined if MongoDB cannot store the document */
export function* toStorableInSteps(options: ReadResource): Steps<ResourceDocument | undefined> {
  const document = yield* toDocumentInSteps(options);
  yield;
  return fitsInDocument(document, options.json.length) ? document : undefined;
}

function* toDocumentInSteps({ resource, json, hasExactNumbers, context }: ReadResource): Steps<ResourceDocument> {
  const encoded = hasExactNumbers ? encodeExactNumbers(resource) : { value: resource, numberTexts: [] };
  yield;
  return {
    ...toHead({ resource, json, context }),
    keys: extractSearchKeys(resource),
    resource: encoded.value,
    ...(encoded.numberTexts.length > 0 ? { numberTexts: encoded.numberTexts } : {}),
  };
}

/** @param options.resource its id and its meta suffice */
export function toHead(options: {
  readonly resource: Resource;
  readonly json: Buffer;
  readonly context: DocumentContext;
}): DocumentHead {
  const { resource, json, context } = options;
  const { versionId, lastUpdated } = resource.meta ?? {};
  const stated = typeof lastUpdated === 'string' ? new Date(withoutLeapSecond(lastUpdated)) : undefined;
  return {
    ...identify(context, resource.id),
    // If the server gives no plausible time, its transactionTime says when this version was current.
    lastUpdated: plausibleTime({ stated, observedAt: context.observedAt }),
    ...(typeof versionId === 'string' ? { versionId } : {}),
    contentHash: hash('sha256', json, 'base64url'),
    deleted: false,
    subsetted: context.isSubsetted === true || isSubsetted(resource),
    ...(context.isOfFullExport === true ? { isOfFullExport: true } : {}),
  };
}

/**
 * Makes a tombstone, which says that the server deleted a resource.
 * @param options.deletedAt when it was deleted, if the server says so
 */
export function toTombstone(options: {
  readonly resourceId: string;
  readonly deletedAt?: Date | undefined;
  readonly context: DocumentContext;
}): ResourceDocument {
  const { resourceId, deletedAt, context } = options;
  const { observedAt, hasWrongTimes = false } = context;
  return {
    ...identify(context, resourceId),
    lastUpdated: plausibleTime({ stated: hasWrongTimes ? undefined : deletedAt, observedAt }),
    contentHash: '',
    deleted: true,
    subsetted: false,
    keys: {},
  };
}

/** BSON's limit, minus the fields of the writer: ten earlier versions of up to 350 bytes each, and a number. */
const maxDocumentBytes = 16 * 1024 * 1024 - 4096;
/**
 * BSON needs at most seven times the bytes of a JSON text: in an array of a million numbers, a digit with its comma becomes 13 bytes.
 * Documents of shorter lines are not measured.
 */
export const maxUnmeasuredBytes = maxDocumentBytes / 7;

/** Whether MongoDB can store the document. @param jsonBytes the length of its line */
export function fitsInDocument(document: ResourceDocument, jsonBytes: number): boolean {
  return jsonBytes < maxUnmeasuredBytes || mongoose.mongo.BSON.calculateObjectSize(document) <= maxDocumentBytes;
}

function identify({ connectionId, source, observedAt, now }: DocumentContext, resourceId: string) {
  return { _id: `${connectionId}/${resourceId}`, connectionId, resourceId, observedAt, source, storedAt: now };
}

/** A stored version of a resource with its source, without its content. */
export interface SourcedVersion extends Pick<ResourceVersion, 'lastUpdated' | 'versionId' | 'deleted'> {
  readonly source: ResourceSource;
  readonly storedAt: Date;
}

/** Enough to see the origin of a record. `maxDocumentBytes` leaves space for this many. */
const keptVersions = 10;
/** https://hl7.org/fhir/R4/datatypes.html#id. A longer id could have any length. */
const longestVersionId = 64;

/** The history of the version that replaces `stored`, newest first. It depends on the order of writing. */
export function earlierVersions(stored: SourcedVersion & { readonly earlier?: readonly SourcedVersion[] }) {
  const { lastUpdated, versionId, deleted, source, storedAt, earlier = [] } = stored;
  const isNamed = versionId !== undefined && versionId.length <= longestVersionId;
  return [{ ...(isNamed ? { versionId } : {}), lastUpdated, deleted, source, storedAt }, ...earlier].slice(
    0,
    keptVersions,
  );
}
