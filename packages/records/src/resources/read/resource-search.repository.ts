import { ByteBudget, collectGarbageAbove } from '@bulkhead/base';
import { everyResource, parseExact, type ResourceSearch } from '@bulkhead/fhir';
import { type Database, idsBelow } from '@bulkhead/store';
import { JsonWriter } from '@bulkhead/store/bson';
import { resourceError } from '../errors.ts';
import { changedSince, streamTimeMs } from '../version/changed-since.ts';
import { decodeDocument as decode, parseDocument, writeDocumentLine as writeLine } from '../version/document-lines.ts';
import { ReplyLimit } from './reply-limit.ts';
import { pageQueries, positionOf, readCursor, writeCursor } from './resource-pages.ts';
import {
  allConditions,
  type Condition,
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
export const pageTimeMs = 10_000;

/** Documents in one reply. Without a limit a reply has up to 16 MB, which needs several times that memory when parsed. */
export const batchSize = 125;

/** For a stream of objects, which asks for the next reply early. Twice as many halve the waiting for the database. */
const streamBatchSize = 2 * batchSize;

/** A larger reply has contents of documents. The next one is read after it, so that a slow client has one of them in memory. */
const readAheadBytes = 2 * 1024 * 1024;

/** The size at which a chunk of a stream is passed on. It is that of node's larger streams. */
const chunkBytes = 64 * 1024;

/**
 * What a large page can need: 8 MB of matches and 8 MB of what is added, as objects, as JSON and as the response; or a reply of a stream, as the
 * database sends it, as bytes and as text. A process has 512 MB, and one thread, so more of them at a time would not be ready earlier.
 */
export const largeBytes = 64 * 1024 * 1024;
/** Half of what the process has. What earlier pages have left behind is collected before another large one is read. */
const crowdedBytes = 256 * 1024 * 1024;

type StreamOptions = ResourceTypeReference & {
  readonly search?: ResourceSearch;
  /** Instead of `search`: what one of them finds. */
  readonly searches?: readonly ResourceSearch[];
  /** Instead of a search: all whose ids are in the range. */
  readonly range?: IdRange | undefined;
  readonly signal?: AbortSignal;
};

/** Resources from an id on, and before another one. Undefined: from the first, to the last. */
export interface IdRange {
  readonly from: string | undefined;
  readonly before: string | undefined;
}

/** Searches, counts and streams the current resources. Each resource type has a collection of the same name. */
export class ResourceSearchRepository {
  readonly #database;
  readonly #limits;
  /** For large pages and large replies of streams. Beside them, downloads hold what their clients have not read. */
  readonly largeReplies = new ByteBudget(2 * largeBytes, () => collectGarbageAbove(crowdedBytes));

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
    const turn = this.largeReplies.reserve(largeBytes, options.signal);
    try {
      while (await replies.wait(cursor.hasNext())) {
        // One batch at a time, because awaiting every document takes as long as writing it.
        const documents = cursor.readBufferedDocuments() as unknown as Uint8Array[];
        const isReplyLarge = isLarge(documents);
        // How large the first reply is shows when it has come.
        if (isReplyLarge) await turn.take();
        // Each is taken from the list, so that a large one is not in memory while a slow client reads its line.
        for (let document = documents.shift(); document; document = documents.shift()) {
          writeLine(writer, Buffer.from(document.buffer, document.byteOffset, document.byteLength));
          document = undefined;
          if (writer.sizeBytes < chunkBytes) continue;
          turn.release();
          yield writer.take();
        }
        turn.release();
        if (isReplyLarge) await turn.take();
      }
      // A client that reads the last lines slowly does not hold it.
      turn.release();
      if (writer.sizeBytes > 0) yield writer.take();
    } catch (error) {
      throw toSearchError(error);
    } finally {
      turn.release();
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
      raw: true,
    });
    const turn = this.largeReplies.reserve(largeBytes, options.signal);
    let isReplyLarge = false;
    const readBatch = async () => {
      const documents = cursor.readBufferedDocuments() as unknown as Uint8Array[];
      isReplyLarge = isLarge(documents);
      // How large the first reply is shows when it has come.
      if (isReplyLarge) await turn.take();
      return documents.map((document) => decode(parseDocument(document)));
    };
    const readNext = () => replies.wait(cursor.hasNext());
    try {
      let hasNext = readNext();
      while (await hasNext) {
        const batch = await readBatch();
        turn.release();
        if (!isReplyLarge) {
          // The database reads the next batch while the reader works on this one.
          hasNext = readNext();
          hasNext.catch(() => undefined);
        }
        yield batch;
        if (!isReplyLarge) continue;
        await turn.take();
        hasNext = readNext();
      }
    } catch (error) {
      throw toSearchError(error);
    } finally {
      turn.release();
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
    const { connectionId, resourceType, searches, since } = options;
    // Most windows are empty. That is a range of the index alone, which costs nothing, and without a hint also on the embedded engine.
    if (since && !(await this.#exists(resourceType, { connectionId, ...changedSince(since) }))) return false;
    if (searches.length === 0 && !since) {
      // Without the hint the embedded engine reads every resource of the connection.
      return this.#exists(resourceType, { connectionId, deleted: false }, { hint: 'by-last-updated' });
    }
    const query = since ? toChangedQuery({ ...options, since }) : toSelectionQuery(options);
    return this.#exists(resourceType, { $and: [...query.conditions] }, hintFor(query));
  }

  /**
   * Divides the resources of a type into ranges of ids, which no change moves. It reads the index by id alone, and only if the collection is
   * that large, so it costs a small part of reading the resources.
   * @returns the ids at which the second and each later range begins
   */
  async listRangeStarts(
    options: ResourceTypeReference & {
      /** Resources in a range. The last one has the rest. */
      readonly size: number;
      /** Ranges at most. */
      readonly most: number;
    },
  ): Promise<string[]> {
    const { connectionId, resourceType, size, most } = options;
    const collection = this.#database.collection(resourceType);
    const starts: string[] = [];
    if ((await collection.estimatedDocumentCount()) <= size) return starts;
    const { pageTimeMs: maxTimeMS } = this.#limits;
    const start = `${connectionId}/`.length;
    while (starts.length < most - 1) {
      const _id = toRange({ connectionId, range: { from: starts.at(-1), before: undefined } });
      const [next] = await collection
        .find({ _id } as object, {
          projection: { _id: 1 },
          sort: { _id: 1 },
          skip: size,
          limit: 1,
          hint: '_id_',
          maxTimeMS,
        })
        .toArray();
      if (!next) break;
      starts.push(next._id.slice(start));
    }
    return starts;
  }

  async #exists(resourceType: string, conditions: Condition, hint: { readonly hint?: string } = {}): Promise<boolean> {
    const { pageTimeMs: maxTimeMS } = this.#limits;
    try {
      const options = { projection: { _id: 1 }, maxTimeMS, ...hint };
      return (await this.#database.collection(resourceType).findOne(conditions, options)) !== null;
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
      /** Only what was stored here at this time or later. */
      readonly since?: Date | undefined;
      readonly signal?: AbortSignal;
    },
  ): AsyncGenerator<FoundResource> {
    const { resourceType, cursor, limit, since } = options;
    const replies = new ReplyLimit({ ...options, ...this.#limits });
    const searched = toResourceQuery(options);
    const query = since ? { ...searched, isObvious: false } : searched;
    const { order } = query;
    const start = cursor === undefined ? undefined : readCursor({ ...options, cursor, order });
    let remaining = limit;
    try {
      for (const { conditions, order: sort, isDescending, prefix } of pageQueries({ query, position: start })) {
        const page = { ...query, conditions: since ? [...conditions, changedSince(since)] : conditions };
        const { pageTimeMs: maxTimeMS } = this.#limits;
        const found = this.#find({
          resourceType,
          query: page,
          order: sort,
          isDescending,
          limit: remaining,
          maxTimeMS,
          signal: replies.signal,
        });
        for await (const document of replies.read(found)) {
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

function isLarge(documents: readonly Uint8Array[]): boolean {
  return documents.reduce((bytes, { byteLength }) => bytes + byteLength, 0) > readAheadBytes;
}

/** The query of a stream. */
function unordered({ connectionId, search = everyResource, searches, range }: StreamOptions) {
  if (range) {
    const _id = toRange({ connectionId, range });
    return { index: '_id_', isObvious: false, conditions: [{ _id }, { deleted: false }] } as const;
  }
  if (searches) return toSelectionQuery({ connectionId, searches });
  const query = toResourceQuery({ connectionId, search });
  return { ...query, conditions: allConditions(query) };
}

function toRange({ connectionId, range }: { readonly connectionId: string; readonly range: IdRange }): Condition {
  const { from, before } = range;
  return {
    ...idsBelow(connectionId),
    ...(from === undefined ? {} : { $gte: `${connectionId}/${from}` }),
    ...(before === undefined ? {} : { $lt: `${connectionId}/${before}` }),
  };
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
