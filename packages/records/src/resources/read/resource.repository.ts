import { everyResource, parseExact, type ResourceSearch, readAttachments } from '@bulkhead/fhir';
import type { Database, Named, PatientOfConnection } from '@bulkhead/store';
import { decodeExactNumbers, JsonWriter, type NumberText } from '@bulkhead/store/bson';
import type mongoose from 'mongoose';
import { streamTimeMs, wholeSecond } from '../changes/resource-changes.ts';
import { notErased } from '../erase/erased-resources.ts';
import { findOfPatient } from '../erase/patient-resources.ts';
import { resourceError } from '../errors.ts';
import { listResourceTypes } from '../resource-collections.ts';
import { readVersions } from '../write/resource.writer.ts';
import type { ResourceDocument, SourcedVersion } from '../write/resource-document.ts';
import { compareVersions } from '../write/resource-version.ts';
import { decodeDocument as decode, writeDocumentLine as writeLine } from './document-lines.ts';
import { ReplyLimit } from './reply-limit.ts';
import { pageQueries, positionOf, readCursor, writeCursor } from './resource-pages.ts';
import {
  allConditions,
  type OrderField,
  type ResourceQuery,
  type ResourceTypeReference,
  toChangedQuery,
  toResourceQuery,
  toSelectionQuery,
} from './resource-query.ts';

export interface FoundResource {
  /** The resource as received. */
  readonly resource: unknown;
  /** The cursor with which the search continues after this resource. */
  cursor(): string;
}

/** A page from an index takes milliseconds. A search that takes this long reads millions of documents for one page. */
const pageTimeMs = 10_000;

/** Documents in one reply. Without a limit a reply has up to 16 MB, which needs several times that memory when parsed. */
const batchSize = 125;

/** For a stream of objects, which asks for the next reply early. Twice as many halve the waiting for the database. */
const streamBatchSize = 2 * batchSize;

/** The size at which a chunk of a stream is passed on. It is that of node's larger streams. */
const chunkBytes = 64 * 1024;

/** The stored version of a resource. */
interface StoredVersion {
  readonly deleted: boolean;
  readonly resource: unknown;
  /** That of the EHR, or a hash of the content if it gives none. */
  readonly versionId: string;
  /** The version id, with a hash of the content if the EHR has given the id to an earlier version, as after a restored backup. */
  readonly tag: string;
  readonly lastUpdated: Date;
  /** When it was stored, to the second. */
  readonly changedAt: Date;
}

interface StoredContent extends Named, Pick<ResourceDocument, 'versionId' | 'contentHash' | 'lastUpdated'> {
  readonly deleted: boolean;
  readonly changedAt: mongoose.mongo.Timestamp;
  readonly erased?: true;
  readonly resource: unknown;
  readonly numberTexts?: NumberText[];
  readonly earlier?: readonly Pick<SourcedVersion, 'versionId'>[];
}

interface StoredWithAttachments extends Named {
  readonly deleted: boolean;
  readonly subsetted: boolean;
  readonly resource?: object;
}

type StreamOptions = ResourceTypeReference & {
  readonly search?: ResourceSearch;
  /** Instead of `search`: what one of them finds. */
  readonly searches?: readonly ResourceSearch[];
  readonly signal?: AbortSignal;
};

/** Reads stored resources. Each resource type has a collection of the same name. */
export class ResourceRepository {
  readonly #database;
  readonly #limits;

  constructor(database: Database, limits: { readonly pageTimeMs?: number; readonly replyTimeMs?: number } = {}) {
    this.#database = database;
    this.#limits = { pageTimeMs, ...limits };
  }

  /**
   * Streams all current resources that match a search as NDJSON, as received, in no order and with constant memory.
   * @returns chunks that end with a line end
   */
  async *streamNdjson(options: StreamOptions): AsyncGenerator<Buffer> {
    const { resourceType } = options;
    const replies = new ReplyLimit({ ...options, ...this.#limits });
    const { signal } = replies;
    const cursor = this.#find({ resourceType, query: unordered(options), maxTimeMS: streamTimeMs, signal, raw: true });
    const writer = new JsonWriter(2 * chunkBytes);
    try {
      while (await replies.wait(cursor.hasNext())) {
        // One batch at a time, because awaiting every document takes as long as writing it.
        const documents = cursor.readBufferedDocuments() as unknown as Uint8Array[];
        // Each is taken from the list, so that a large one is not in memory while a slow client reads its line.
        for (let document = documents.shift(); document; document = documents.shift()) {
          writeLine(writer, Buffer.from(document.buffer, document.byteOffset, document.byteLength));
          document = undefined;
          if (writer.sizeBytes >= chunkBytes) yield writer.take();
        }
      }
      if (writer.sizeBytes > 0) yield writer.take();
    } catch (error) {
      throw toSearchError(error);
    } finally {
      await cursor.close();
    }
  }

  /** Streams all current resources that match a search as objects, a batch at a time, in no order and with constant memory. */
  async *streamBatches(options: StreamOptions): AsyncGenerator<readonly unknown[]> {
    const { resourceType } = options;
    const replies = new ReplyLimit({ ...options, ...this.#limits });
    const { signal } = replies;
    const cursor = this.#find({
      resourceType,
      query: unordered(options),
      maxTimeMS: streamTimeMs,
      signal,
      size: streamBatchSize,
    });
    try {
      let hasNext = replies.wait(cursor.hasNext());
      while (await hasNext) {
        const documents = cursor.readBufferedDocuments();
        // The database reads the next batch while the reader works on this one.
        hasNext = replies.wait(cursor.hasNext());
        hasNext.catch(() => undefined);
        yield documents.map(decode);
      }
    } catch (error) {
      throw toSearchError(error);
    } finally {
      await cursor.close();
    }
  }

  /** Whether one of the searches finds a resource that was changed since a time. */
  async hasAny(
    options: ResourceTypeReference & {
      readonly searches: readonly ResourceSearch[];
      /** Undefined: since the beginning. */
      readonly since: Date | undefined;
    },
  ): Promise<boolean> {
    const { resourceType, since } = options;
    const query = since ? toChangedQuery({ ...options, since }) : toSelectionQuery(options);
    const found = this.#find({ resourceType, query, limit: 1, maxTimeMS: this.#limits.pageTimeMs, signal: undefined });
    try {
      return (await found.toArray()).length > 0;
    } catch (error) {
      throw toSearchError(error);
    }
  }

  /** Like `streamNdjson`, but as objects. */
  async *stream(options: StreamOptions): AsyncGenerator<unknown> {
    for await (const chunk of this.streamNdjson(options)) {
      for (const line of chunk.toString().split('\n').slice(0, -1)) yield parseExact(line);
    }
  }

  /** Finds the documents of one type whose stored version is newer or more complete. */
  async findStale(
    resourceType: string,
    documents: readonly ResourceDocument[],
  ): Promise<ReadonlySet<ResourceDocument>> {
    const stored = await readVersions(this.#database.collection(resourceType), documents);
    const isStale = (document: ResourceDocument): boolean => {
      const version = stored.get(document._id);
      return version !== undefined && compareVersions(document, version) === 'older';
    };
    return new Set(documents.filter(isStale));
  }

  /** @returns the `_id`s of those of which a version with content is stored */
  async findStored(resourceType: string, documents: readonly ResourceDocument[]): Promise<ReadonlySet<string>> {
    const stored = await readVersions(this.#database.collection(resourceType), documents);
    return new Set([...stored.values()].filter(({ deleted }) => !deleted).map(({ _id }) => _id));
  }

  /** Whether a search can continue from a cursor. */
  isCursorOf(options: ResourceTypeReference & { readonly search: ResourceSearch; readonly cursor: string }): boolean {
    return readCursor({ ...options, order: toResourceQuery(options).order }) !== undefined;
  }

  /** Reads up to `limit` matches after `cursor`, in an order that allows paging. */
  async *search(
    options: ResourceTypeReference & {
      readonly search: ResourceSearch;
      readonly cursor?: string | undefined;
      readonly limit: number;
      readonly signal?: AbortSignal;
    },
  ): AsyncGenerator<FoundResource> {
    const { resourceType, cursor, limit, signal } = options;
    const query = toResourceQuery(options);
    const { order } = query;
    const start = cursor === undefined ? undefined : readCursor({ ...options, cursor, order });
    let remaining = limit;
    try {
      for (const { conditions, order: sort, isDescending, prefix } of pageQueries({ query, position: start })) {
        const page = { ...query, conditions };
        const { pageTimeMs: maxTimeMS } = this.#limits;
        for await (const document of this.#find({
          resourceType,
          query: page,
          order: sort,
          isDescending,
          limit: remaining,
          maxTimeMS,
          signal,
        })) {
          remaining -= 1;
          yield {
            resource: decode(document),
            cursor: () => writeCursor({ ...options, order, position: [...prefix, ...positionOf(document, sort)] }),
          };
        }
        if (remaining === 0) return;
      }
    } catch (error) {
      throw toSearchError(error);
    }
  }

  async count(options: ResourceTypeReference & { readonly search: ResourceSearch; readonly signal?: AbortSignal }) {
    const { resourceType, signal } = options;
    const query = toResourceQuery(options);
    const { pageTimeMs: maxTimeMS } = this.#limits;
    try {
      return await this.#database
        .collection(resourceType)
        .countDocuments(
          { $and: allConditions(query) },
          { ...hintFor(query), maxTimeMS, ...(signal ? { signal } : {}) },
        );
    } catch (error) {
      throw toSearchError(error);
    }
  }

  /** Reads the stored version of a resource as received. `deleted` is true if there is a tombstone instead. An erased resource is not found. */
  async read(reference: {
    readonly connectionId: string;
    readonly resourceType: string;
    readonly resourceId: string;
  }): Promise<StoredVersion | undefined> {
    const { connectionId, resourceType, resourceId } = reference;
    const document = await this.#database.collection<StoredContent>(resourceType).findOne(
      { _id: `${connectionId}/${resourceId}` },
      {
        projection: {
          ...{ _id: 0, deleted: 1, erased: 1, resource: 1, numberTexts: 1 },
          ...{ versionId: 1, contentHash: 1, lastUpdated: 1, changedAt: 1, 'earlier.versionId': 1 },
        },
      },
    );
    if (!document || document.erased) return undefined;
    const { deleted, resource, numberTexts, versionId, contentHash, lastUpdated, changedAt, earlier = [] } = document;
    const wasUsed = versionId !== undefined && earlier.some((version) => version.versionId === versionId);
    return {
      ...{ deleted, resource: decodeExactNumbers(resource, numberTexts), lastUpdated },
      changedAt: wholeSecond(changedAt.getHighBitsUnsigned() * 1000),
      versionId: versionId ?? contentHash,
      tag: wasUsed ? `${versionId}-${contentHash.slice(0, 12)}` : (versionId ?? contentHash),
    };
  }

  /** Reads the document of a resource, with its revision. */
  async readDocument(reference: {
    readonly connectionId: string;
    readonly resourceType: string;
    readonly resourceId: string;
  }): Promise<(ResourceDocument & { readonly revision: number }) | undefined> {
    const { connectionId, resourceType, resourceId } = reference;
    const collection = this.#database.collection<ResourceDocument & { readonly revision: number }>(resourceType);
    return (await collection.findOne({ _id: `${connectionId}/${resourceId}` })) ?? undefined;
  }

  /** Finds current resources by their ids. */
  async findByIds(options: ResourceTypeReference & { readonly ids: readonly string[] }): Promise<unknown[]> {
    const { connectionId, resourceType, ids } = options;
    const documents = await this.#database
      .collection<StoredContent>(resourceType)
      .find(
        { _id: { $in: ids.map((id) => `${connectionId}/${id}`) }, deleted: false },
        { projection: { _id: 0, resource: 1, numberTexts: 1 }, maxTimeMS: this.#limits.pageTimeMs },
      )
      .toArray();
    return documents.map(decode);
  }

  /** Reads the source of the stored version of a resource, followed by those of earlier versions. Empty if nothing is stored. */
  async readSources(reference: {
    readonly connectionId: string;
    readonly resourceType: string;
    readonly resourceId: string;
  }): Promise<readonly SourcedVersion[]> {
    const { connectionId, resourceType, resourceId } = reference;
    const projection = { _id: 0, versionId: 1, lastUpdated: 1, deleted: 1, source: 1, storedAt: 1, earlier: 1 };
    const document = await this.#database
      .collection<SourcedVersion & Named & { readonly earlier?: readonly SourcedVersion[]; readonly erased?: true }>(
        resourceType,
      )
      .findOne({ _id: `${connectionId}/${resourceId}`, ...notErased }, { projection });
    if (!document) return [];
    const { earlier = [], ...current } = document;
    return [current, ...earlier];
  }

  /**
   * Reads which attachments the stored versions of resources have: their indexes, or `unknown` for an incomplete copy. Resources that are
   * deleted or not stored are left out.
   * @param options.ids `<connectionId>/<resource id>`
   */
  async *readAttachments({ type, ids }: { readonly type: string; readonly ids: readonly string[] }) {
    const found = this.#database
      .collection<StoredWithAttachments>(type)
      .find({ _id: { $in: [...ids] } }, { projection: { deleted: 1, subsetted: 1, resource: 1 }, batchSize });
    for await (const { _id: id, deleted, subsetted, resource } of found) {
      if (deleted || !resource) continue;
      const indexes = subsetted ? ('unknown' as const) : new Set(readAttachments(resource).map(({ index }) => index));
      yield { id, indexes };
    }
  }

  /** Lists the ids of the resources of a type that are in a patient's compartment. */
  async listOfPatient(patient: PatientOfConnection & { readonly resourceType: string }): Promise<string[]> {
    const ids: string[] = [];
    for await (const page of findOfPatient(this.#database, patient))
      ids.push(...page.map(({ resourceId }) => resourceId));
    return ids;
  }

  /** Lists the sorted ids of the current resources of a connection and type. */
  async listIds(reference: { readonly connectionId: string; readonly resourceType: string }): Promise<string[]> {
    const { connectionId, resourceType } = reference;
    const documents = await this.#database
      .collection(resourceType)
      .find({ connectionId, deleted: false }, { projection: { _id: 0, resourceId: 1 } })
      .toArray();
    return documents.map(({ resourceId }) => resourceId as string).toSorted();
  }

  /** The id of any current resource of a connection and type. */
  async findAnyId(reference: { readonly connectionId: string; readonly resourceType: string }) {
    const { connectionId, resourceType } = reference;
    const found = await this.#database
      .collection(resourceType)
      .findOne({ connectionId, deleted: false }, { projection: { _id: 0, resourceId: 1 } });
    return found?.resourceId as string | undefined;
  }

  /** The types of which a resource, a tombstone or the entry of an erasure of the connection is stored. One read by an index for each type. */
  async listStoredTypes(connectionId: string): Promise<string[]> {
    const stored: string[] = [];
    for (const type of await listResourceTypes(this.#database)) {
      const found = await this.#database.collection(type).findOne({ connectionId }, { projection: { _id: 1 } });
      if (found) stored.push(type);
    }
    return stored;
  }

  /** Counts the current resources of a connection by type. Types without resources are left out. */
  async countByType(connectionId: string): Promise<Readonly<Record<string, number>>> {
    const counts: Record<string, number> = {};
    for (const type of await listResourceTypes(this.#database)) {
      const count = await this.#database.collection(type).countDocuments({ connectionId, deleted: false });
      if (count > 0) counts[type] = count;
    }
    return counts;
  }

  #find(options: {
    readonly resourceType: string;
    readonly query: Pick<ResourceQuery, 'index' | 'isObvious' | 'conditions'>;
    readonly order?: readonly OrderField[];
    readonly isDescending?: boolean;
    readonly limit?: number;
    readonly maxTimeMS: number;
    readonly signal: AbortSignal | undefined;
    /** Whether documents are read as BSON. */
    readonly raw?: boolean;
    /** Documents in one reply. */
    readonly size?: number;
  }) {
    const { resourceType, query, order = [], limit, maxTimeMS, signal, raw = false, size = batchSize } = options;
    const direction = options.isDescending ? -1 : 1;
    return this.#database.collection(resourceType).find(
      { $and: [...query.conditions] },
      {
        projection: Object.fromEntries(
          ['resource', 'numberTexts', ...order.map(({ name }) => name)].map((name) => [name, 1]),
        ),
        ...hintFor(query),
        ...(order.length > 0 ? { sort: order.map(({ name }) => [name, direction] as [string, 1 | -1]) } : {}),
        ...(limit === undefined ? {} : { limit }),
        batchSize: size,
        maxTimeMS,
        raw,
        ...(signal ? { signal } : {}),
      },
    );
  }
}

/** The query of a stream. */
function unordered({ connectionId, search = everyResource, searches }: StreamOptions) {
  if (searches) return toSelectionQuery({ connectionId, searches });
  const query = toResourceQuery({ connectionId, search });
  return { ...query, conditions: allConditions(query) };
}

function hintFor({ index, isObvious }: Pick<ResourceQuery, 'index' | 'isObvious'>): { readonly hint?: string } {
  return isObvious ? {} : { hint: index };
}

/** MongoDB's MaxTimeMSExpired. */
const timeExpired = 50;

/** Translates a timeout of the database into a message for the user. */
function toSearchError(error: unknown): unknown {
  if ((error as { code?: unknown } | null)?.code !== timeExpired) return error;
  return resourceError('search-too-costly', { cause: error });
}
