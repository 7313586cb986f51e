import { present } from '@bulkhead/base';
import type { ResourceSearch } from '@bulkhead/fhir';
import { type Database, idsBelow, maxWriteMs } from '@bulkhead/store';
import { decodeExactNumbers, type NumberText } from '@bulkhead/store/bson';
import mongoose from 'mongoose';
import { resourceError } from '../errors.ts';
import { ReplyLimit } from '../read/reply-limit.ts';
import { cursorHash, readValues, writeValues } from '../read/resource-pages.ts';
import { type Condition, toSelectionQuery } from '../read/resource-query.ts';
import { listResourceTypes } from '../resource-collections.ts';
import { changedSince, streamTimeMs, timestampOf, wholeSecond } from '../version/changed-since.ts';
import { parseDocument } from '../version/document-lines.ts';
import type { ResourceVersion } from '../version/resource-version.ts';

const { Timestamp } = mongoose.mongo;
type FindOptions = mongoose.mongo.FindOptions;

/*
 * Readers who keep a copy ask for what was stored since they last asked. For that, every stored version has the time of the database at
 * which it was written, and not that of the worker, which can freeze between reading its clock and writing.
 *
 *   worker  -- write, changedAt: empty --> MongoDB sets changedAt, and stores the version within `maxWriteMs`, or not at all
 *   reader  -- everything changed since the last time, and continues at the time of the database minus `settleMs` (`until`): nothing
 *              can still be added before it
 *
 * So what was changed after `until` is read, and read again by the next reader. A window has no end that leaves out what is newer: a
 * resource that changes while it is read would leave the window, and one that changes each night at that time would never be read.
 */

/** The servers of a cluster have clocks of their own. A clock that is wrong by more than this needs the attention of its operator. */
const clockToleranceMs = 60_000;
const settleMs = maxWriteMs + clockToleranceMs;
/** A page is a range of an index. */
const pageTimeMs = 10_000;

/** As for other reads of resources. */
const batchSize = 125;
/** What a type may hold while the changes of others are read. A slice of typical resources has 250 KB. */
const maxSliceBytes = 1024 * 1024;

/** Changes from `since` on. Every change before `until` can be read, so the next window begins there. Both are whole seconds. */
export interface ChangeWindow {
  readonly since: Date;
  readonly until: Date;
}

/** The resources that `readOnce` remembers. A million ids would take 100 MB. */
const maxRemembered = 100_000;

export interface ResourceChange extends Pick<ResourceVersion, 'deleted' | 'versionId'> {
  readonly resourceId: string;
  /** When it was stored, to the second. */
  readonly changedAt: Date;
  /** As received. Undefined if the EHR has deleted the resource. */
  readonly resource: unknown;
  /** The versions before it, the newest first. */
  readonly earlier?: readonly { readonly deleted: boolean; readonly storedAt: Date }[];
  /** Whether a page can end before this change. */
  readonly beginsPage: boolean;
  /** Here a page continues with this change. */
  readonly place: PagePlace;
}

/** A change among those of several types. */
export interface TypedChange extends ResourceChange {
  readonly resourceType: string;
}

interface Reference {
  readonly connectionId: string;
  readonly resourceType: string;
}

type ChangedDocument = Omit<ResourceChange, 'changedAt' | 'beginsPage' | 'place'> & {
  readonly changedAt: mongoose.mongo.Timestamp;
  readonly numberTexts?: NumberText[];
};

const changeFields = {
  _id: 0,
  resourceId: 1,
  deleted: 1,
  versionId: 1,
  resource: 1,
  numberTexts: 1,
  changedAt: 1,
  'earlier.deleted': 1,
  'earlier.storedAt': 1,
} as const;

/** Reads what was stored or deleted since a time. */
export class ResourceChangeRepository {
  readonly #database;
  readonly #options;

  constructor(
    database: Database,
    options: {
      /** How long ago a window begins that continues another one. Default: so long that nothing can be added before it. */
      readonly delayMs?: number;
      /** For tests. */
      readonly maxRemembered?: number;
      readonly replyTimeMs?: number;
      /** Tombstones of earlier deletions may no longer exist. Undefined if all exist. */
      readonly deletionsKnownSince?: () => Promise<Date | undefined>;
    } = {},
  ) {
    this.#database = database;
    this.#options = options;
  }

  async deletionsKnownSince(): Promise<Date | undefined> {
    return this.#options.deletionsKnownSince?.();
  }

  /** @throws AppError `history-expired` if deletions since that time may be unknown */
  async checkSince(since: Date): Promise<void> {
    const knownSince = await this.deletionsKnownSince();
    if (knownSince && since < knownSince) throw resourceError('history-expired');
  }

  /** The time before which all changes can be read. */
  async settledUntil(): Promise<Date> {
    const now = await this.#database.now();
    return wholeSecond(now.getTime() - (this.#options.delayMs ?? settleMs));
  }

  /** The end of this second of the database. What is stored after that was changed then or later. */
  async nextSecond(): Promise<Date> {
    return wholeSecond((await this.#database.now()).getTime() + 1000);
  }

  /** Counts the resources of a type that were stored or deleted since a time, up to a limit. */
  countSince(reference: Reference & { readonly since: Date; readonly limit: number }): Promise<number> {
    const { connectionId, resourceType, since, limit } = reference;
    const changed = { connectionId, ...changedSince(since) };
    return this.#database.collection(resourceType).countDocuments(changed, { hint: 'by-changed-at', limit });
  }

  /**
   * Reads the changes of a type, the newest first. A resource that changes meanwhile leaves its place. So after the oldest change follow those
   * since the newest one was read, again the newest first, until there are none.
   */
  async *readNewestFirst(reading: ReadNewestFirst): AsyncGenerator<ResourceChange> {
    const { connectionId, since, place } = reading;
    let { from = timestampOf(since).toBigInt(), position: start, newest } = place ?? {};
    for (;;) {
      const range = { $gte: new Timestamp(from), ...(start === undefined ? {} : { $lte: new Timestamp(start) }) };
      const options = { sort: { changedAt: -1 }, maxTimeMS: pageTimeMs } as const;
      let previous: bigint | undefined;
      for await (const document of this.#find<ChangedDocument>(reading, { connectionId, changedAt: range }, options)) {
        const change = toChange(document);
        const { position } = change;
        // Two servers of a sharded cluster can give the same time.
        yield { ...change, beginsPage: position !== previous, place: { position, newest, from } };
        newest ??= position;
        previous = position;
      }
      if (newest === undefined) return;
      from = newest + 1n;
      start = undefined;
      newest = undefined;
    }
  }

  /**
   * Reads each changed resource of a type once, in no order. One that changes meanwhile moves to the end of the index, so it is still read if
   * it was not, and left out there if it was. If there are too many to remember, the others are read in the order of their ids, which no
   * change moves.
   */
  async *readOnce(reading: ReadOnce): AsyncGenerator<Change> {
    const { connectionId, since } = reading;
    const { maxRemembered: limit = maxRemembered } = this.#options;
    const seen = new Set<string>();
    for await (const change of this.#readInSlices({ ...reading, maxTimeMs: streamTimeMs })) {
      if (seen.has(change.resourceId)) continue;
      if (seen.size === limit) break;
      seen.add(change.resourceId);
      yield change;
    }
    if (seen.size < limit) return;
    const ids = { _id: idsBelow(connectionId) } as object;
    const others = { $and: [ids, changedSince(since), ...conditionsOf(reading)] };
    for await (const document of this.#find<ChangedDocument>(reading, others, { hint: '_id_' }))
      if (!seen.has(document.resourceId)) yield toChange(document);
  }

  /**
   * Reads the changes of a type, the oldest first, with one query. It is for a reader that does not wait between changes. A resource that changes
   * meanwhile is read again.
   */
  async *readInOnePass(reading: ReadOnce): AsyncGenerator<Change> {
    const { connectionId, since } = reading;
    const options = { sort: { changedAt: 1 }, hint: 'by-changed-at' } as const;
    const changed = this.#find<ChangedDocument>(reading, { connectionId, ...changedSince(since) }, options);
    for await (const document of changed) yield toChange(document);
  }

  /** Reads the references of deleted and erased resources, type by type. */
  async *readDeletions(reading: {
    readonly connectionId: string;
    readonly types: readonly string[];
    readonly since: Date;
    /** Only earlier ones: a whole second. Default: all. */
    readonly before?: Date;
    /** For each type. Default: all. */
    readonly limit?: number;
    readonly signal?: AbortSignal;
  }): AsyncGenerator<string> {
    const { connectionId, types, since, before, limit = 0, signal } = reading;
    const changedAt = { ...changedSince(since).changedAt, ...(before ? { $lt: timestampOf(before) } : {}) };
    for (const resourceType of types) {
      const deleted = this.#find<ChangedDocument>(
        { resourceType, ...present({ signal }) },
        { connectionId, deleted: true, changedAt },
        { projection: { _id: 0, resourceId: 1 }, hint: 'by-changed-at', limit },
      );
      for await (const { resourceId } of deleted) yield `${resourceType}/${resourceId}`;
    }
  }

  /** Reads the changes of several types, the oldest first. A resource that changes meanwhile is read again. */
  async *readInOrder(
    options: Omit<ReadInSlices, 'resourceType'> & {
      /** Default: all types. */
      readonly resourceTypes?: readonly string[] | undefined;
    },
  ): AsyncGenerator<TypedChange> {
    const { resourceTypes = await listResourceTypes(this.#database), ...others } = options;
    const sources = resourceTypes.map((resourceType) => ({
      resourceType,
      changes: this.#readInSlices({ ...others, resourceType }),
    }));
    let previous: bigint | undefined;
    for await (const change of merge(sources)) {
      const { position } = change;
      yield { ...change, beginsPage: position !== previous, place: { position } };
      previous = position;
    }
  }

  /**
   * Reads the changes of a type, the oldest first. Each slice is a query of its own, because a cursor that waits for the other types would be
   * closed by MongoDB.
   */
  async *#readInSlices(reading: ReadInSlices): AsyncGenerator<Change> {
    const { since, searches, position, maxTimeMs = pageTimeMs } = reading;
    const hint = searches ? { hint: 'by-changed-at' } : {};
    let from = position === undefined ? timestampOf(since) : new Timestamp(position);
    for (let limit = batchSize; ; ) {
      const found = this.#find<Uint8Array>(
        reading,
        { $and: [{ changedAt: { $gte: from } }, ...conditionsOf(reading)] },
        { sort: { changedAt: 1 }, limit, maxTimeMS: maxTimeMs, raw: true, ...hint },
      );
      const slice: ChangedDocument[] = [];
      let sizeBytes = 0;
      let cutAt: mongoose.mongo.Timestamp | undefined;
      for await (const bytes of found) {
        const document = parseDocument(bytes) as unknown as ChangedDocument;
        // The type waits for the others, so it must not hold much meanwhile.
        if (sizeBytes > maxSliceBytes && !slice.at(-1)?.changedAt.equals(document.changedAt)) {
          cutAt = document.changedAt;
          break;
        }
        slice.push(document);
        sizeBytes += bytes.byteLength;
      }
      if (cutAt) {
        yield* slice.map(toChange);
        from = cutAt;
        continue;
      }
      const last = slice.at(-1)?.changedAt;
      if (slice.length < limit || last === undefined) return yield* slice.map(toChange);
      // Others of the last time may follow.
      const whole = slice.filter(({ changedAt }) => !changedAt.equals(last));
      limit = whole.length === 0 ? limit * 2 : batchSize;
      yield* whole.map(toChange);
      from = last;
    }
  }

  /** Runs one query. Each of its replies has a limited time. */
  #find<Document extends object>(
    {
      resourceType,
      signal,
      replyTimeMs = this.#options.replyTimeMs,
    }: Pick<ReadOnce, 'signal' | 'replyTimeMs'> & Pick<Reference, 'resourceType'>,
    filter: object,
    options: FindOptions,
  ): AsyncGenerator<Document> {
    const replies = new ReplyLimit({ signal, replyTimeMs });
    const found = this.#database.collection<never>(resourceType).find<Document>(filter, {
      projection: changeFields,
      batchSize,
      maxTimeMS: streamTimeMs,
      ...options,
      signal: replies.signal,
    });
    return replies.read(found);
  }
}

interface ReadNewestFirst extends Reference {
  readonly since: Date;
  /** The page continues here. Undefined: at the newest change. */
  readonly place?: PagePlace | undefined;
  readonly signal?: AbortSignal;
}

interface ReadOnce extends Reference {
  readonly since: Date;
  /** Only current resources that one of them finds. Default: everything, deletions and erasures too. */
  readonly searches?: readonly ResourceSearch[];
  readonly signal?: AbortSignal;
  /** For tests. */
  readonly replyTimeMs?: number | undefined;
}

function conditionsOf({ connectionId, searches }: Pick<ReadOnce, 'connectionId' | 'searches'>): readonly Condition[] {
  return searches ? toSelectionQuery({ connectionId, searches }).conditions : [{ connectionId }];
}

function toChange({ changedAt, resource, numberTexts, ...change }: ChangedDocument) {
  return {
    ...change,
    changedAt: wholeSecond(changedAt.getHighBitsUnsigned() * 1000),
    resource: decodeExactNumbers(resource, numberTexts),
    position: changedAt.toBigInt(),
  };
}

type Change = ReturnType<typeof toChange>;

interface ReadInSlices extends ReadOnce {
  /** Continues here. Undefined: at `since`. */
  readonly position?: bigint | undefined;
  /** The time of the database for a slice. Default: that of a page. */
  readonly maxTimeMs?: number;
}

/** Merges sources that are in order. */
async function* merge(sources: readonly { readonly resourceType: string; readonly changes: AsyncGenerator<Change> }[]) {
  const heads: { readonly source: (typeof sources)[number]; readonly change: Change }[] = [];
  const advance = async (source: (typeof sources)[number]) => {
    const { done, value } = await source.changes.next();
    if (done) return;
    const after = heads.findIndex(({ change }) => change.position > value.position);
    heads.splice(after === -1 ? heads.length : after, 0, { source, change: value });
  };
  for (const source of sources) await advance(source);
  for (let head = heads.shift(); head; head = heads.shift()) {
    yield { ...head.change, resourceType: head.source.resourceType };
    await advance(head.source);
  }
}

/** Where a page of a history continues. */
interface PagePlace {
  readonly position: bigint;
  /** The newest change so far, if the newest come first. */
  readonly newest?: bigint | undefined;
  /** What was changed before was read by earlier pages, if the newest come first. */
  readonly from?: bigint | undefined;
}

type PagePosition = Pick<ChangeWindow, 'until'> & PagePlace;

type History = Reference & Pick<ChangeWindow, 'since'>;

/** Writes where a page continues, as an opaque text. */
export function writeChangeCursor({ until, position, newest, from, ...history }: History & PagePosition): string {
  const positions = [position, newest, from].map((value) => (value === undefined ? null : String(value)));
  return writeValues([digestOf(history), until.getTime(), ...positions]);
}

/** @returns undefined if the cursor does not belong to this history */
export function readChangeCursor(options: History & { readonly cursor: string }): PagePosition | undefined {
  const { cursor, ...history } = options;
  const [written, until, ...positions] = readValues(cursor) ?? [];
  if (written !== digestOf(history) || !Number.isSafeInteger(until)) return undefined;
  const [position, newest, from] = positions.map((value) =>
    typeof value === 'string' && /^\d{1,19}$/.test(value) ? BigInt(value) : undefined,
  );
  return position === undefined ? undefined : { until: new Date(until as number), position, newest, from };
}

/** In another history, a cursor would silently skip changes. */
function digestOf({ connectionId, resourceType, since }: History): string {
  return cursorHash([connectionId, resourceType, since]);
}
