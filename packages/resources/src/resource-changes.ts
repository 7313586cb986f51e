import { decodeExactNumbers, type NumberText } from '@bulkhead/bson';
import { maxWriteMs } from '@bulkhead/store';
import mongoose, { type Connection as Database } from 'mongoose';
import { changedBetween, timestampOf } from './changed-between.ts';
import { listResourceTypes } from './resource-collections.ts';
import { digest, readValues, writeValues } from './resource-pages.ts';
import type { ResourceVersion } from './resource-version.ts';

const { Timestamp } = mongoose.mongo;

/*
 * Readers who keep a copy ask for what was stored since they last asked. For that, every stored version has the time of the database at
 * which it was written, and not that of the worker, which can freeze between reading its clock and writing.
 *
 *   worker  -- write, changedAt: empty --> MongoDB sets changedAt, and stores the version within `maxWriteMs`, or not at all
 *   reader  -- everything changed before the time of the database minus `settleMs`: nothing can still be added there
 *
 * A version that is stored later has a later time, so a reader who continues where the last window ended misses nothing.
 */

/** MongoDB replaces an empty timestamp by its own time (https://www.mongodb.com/docs/manual/reference/bson-types/#timestamps). */
export const changedNow = { changedAt: new Timestamp(0n) };

/** The servers of a cluster have clocks of their own. A clock that is wrong by more than this needs the attention of its operator. */
const clockToleranceMs = 60_000;
const settleMs = maxWriteMs + clockToleranceMs;
/** A page is a range of an index. */
const pageTimeMs = 10_000;
/** The time of the database for one stream, without the time of the reader. It is enough for some ten million resources. */
export const streamTimeMs = 30 * 60_000;
/** As for other reads of resources. */
const batchSize = 125;

/** Changes from `since` on, and before `until`. Both are whole seconds. */
export interface ChangeWindow {
  readonly since: Date;
  readonly until: Date;
}

export interface ResourceChange extends Pick<ResourceVersion, 'deleted' | 'versionId'> {
  readonly resourceId: string;
  /** When it was stored, to the second. */
  readonly changedAt: Date;
  /** As received. Undefined if the EHR has deleted the resource. */
  readonly resource: unknown;
  /** Whether a page can end before this change. */
  readonly beginsPage: boolean;
  /** With this position a page continues with this change. */
  readonly position: bigint;
}

/** A change among those of several types. */
export interface TypedChange extends ResourceChange {
  readonly resourceType: string;
}

interface Reference {
  readonly connectionId: string;
  readonly resourceType: string;
}

type ChangedDocument = Omit<ResourceChange, 'changedAt' | 'beginsPage' | 'position'> & {
  readonly changedAt: mongoose.mongo.Timestamp;
  readonly numberTexts?: NumberText[];
};

const changeFields = {
  ...{ _id: 0, resourceId: 1, deleted: 1, versionId: 1, resource: 1, numberTexts: 1, changedAt: 1 },
} as const;

export function createResourceChanges(
  database: Database,
  options: {
    /** How long changes are held back. Default: until no earlier one can be added. */
    readonly delayMs?: number;
    /** Tombstones of earlier deletions may no longer exist. Undefined if all exist. */
    readonly deletionsKnownSince?: () => Promise<Date | undefined>;
  } = {},
) {
  const { delayMs = settleMs, deletionsKnownSince = async () => undefined } = options;
  return {
    deletionsKnownSince,
    readDeletions: (deletions: Parameters<typeof readDeletions>[1]) => readDeletions(database, deletions),

    /** The time before which all changes can be read. */
    async settledUntil(): Promise<Date> {
      const { localTime } = await database.getClient().db().admin().command({ hello: 1 });
      return wholeSecond(localTime.getTime() - delayMs);
    },

    /** Reads the changes of a window, the newest first. A resource that changed several times is read once. */
    async *read(
      options: Reference & {
        readonly window: ChangeWindow;
        /** The page continues here. Undefined: at the end of the window. */
        readonly position?: bigint | undefined;
        readonly signal?: AbortSignal;
        /** The time of the database. Default: that of a page. */
        readonly maxTimeMs?: number;
      },
    ): AsyncGenerator<ResourceChange> {
      const { connectionId, resourceType, window, position, signal, maxTimeMs = pageTimeMs } = options;
      const changedAt = {
        $gte: timestampOf(window.since),
        $lt: timestampOf(window.until),
        ...(position === undefined ? {} : { $lte: new Timestamp(position) }),
      };
      const documents = database.collection<ChangedDocument>(resourceType).find(
        { connectionId, changedAt },
        {
          projection: changeFields,
          sort: { changedAt: -1 },
          batchSize,
          maxTimeMS: maxTimeMs,
          ...(signal ? { signal } : {}),
        },
      );
      let previous: bigint | undefined;
      for await (const document of documents) {
        const change = toChange(document);
        // Two servers of a sharded cluster can give the same time.
        yield { ...change, beginsPage: change.position !== previous };
        previous = change.position;
      }
    },

    /** Reads the changes of several types, the oldest first. A resource that changes meanwhile is not in the window any longer. */
    async *readInOrder(
      options: Omit<Parameters<typeof readInSlices>[1], 'resourceType'> & {
        /** Default: all types. */
        readonly resourceTypes?: readonly string[] | undefined;
      },
    ): AsyncGenerator<TypedChange> {
      const { resourceTypes = await listResourceTypes(database), ...others } = options;
      const sources = resourceTypes.map((resourceType) => ({
        resourceType,
        changes: readInSlices(database, { ...others, resourceType }),
      }));
      let previous: bigint | undefined;
      for await (const change of merge(sources)) {
        yield { ...change, beginsPage: change.position !== previous };
        previous = change.position;
      }
    },
  };
}

/** Reads the references of deleted and erased resources, type by type. */
async function* readDeletions(
  database: Database,
  options: {
    readonly connectionId: string;
    readonly types: readonly string[];
    readonly since: Date | undefined;
    readonly until: Date;
    /** For each type. Default: all. */
    readonly limit?: number;
    readonly signal?: AbortSignal;
  },
): AsyncGenerator<string> {
  const { connectionId, types, since = new Date(0), until, limit = 0, signal } = options;
  for (const type of types) {
    const deleted = database.collection<ChangedDocument>(type).find(
      { connectionId, deleted: true, ...changedBetween({ since, until }) },
      {
        projection: { _id: 0, resourceId: 1 },
        hint: 'by-changed-at',
        maxTimeMS: streamTimeMs,
        limit,
        ...(signal ? { signal } : {}),
      },
    );
    for await (const { resourceId } of deleted) yield `${type}/${resourceId}`;
  }
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

/**
 * Reads the changes of a type, the oldest first. Each slice is a query of its own, because a cursor that waits for the other types would be
 * closed by MongoDB.
 */
async function* readInSlices(
  database: Database,
  options: Reference & {
    readonly window: ChangeWindow;
    /** Continues here. Undefined: at the beginning of the window. */
    readonly position?: bigint | undefined;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<Change> {
  const { connectionId, resourceType, window, position, signal } = options;
  let from = position === undefined ? timestampOf(window.since) : new Timestamp(position);
  for (let limit = batchSize; ; ) {
    const slice = await database
      .collection<ChangedDocument>(resourceType)
      .find(
        { connectionId, changedAt: { $gte: from, $lt: timestampOf(window.until) } },
        { projection: changeFields, sort: { changedAt: 1 }, limit, maxTimeMS: pageTimeMs, signal },
      )
      .toArray();
    const last = slice.at(-1)?.changedAt;
    if (slice.length < limit || last === undefined) return yield* slice.map(toChange);
    // Others of the last time may follow.
    const whole = slice.filter(({ changedAt }) => !changedAt.equals(last));
    limit = whole.length === 0 ? limit * 2 : batchSize;
    yield* whole.map(toChange);
    from = last;
  }
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

export function wholeSecond(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}

type ChangeCursor = Reference & ChangeWindow & { readonly position: bigint };

/** Writes where a page continues, as an opaque text. All pages have the same window, so that no change is missed between them. */
export function writeChangeCursor({ position, until, ...history }: ChangeCursor): string {
  return writeValues([digestOf(history), until.getTime(), String(position)]);
}

/** @returns undefined if the cursor does not belong to this history */
export function readChangeCursor(
  options: Reference & Pick<ChangeWindow, 'since'> & { readonly cursor: string },
): Pick<ChangeCursor, 'until' | 'position'> | undefined {
  const { cursor, ...history } = options;
  const [written, until, position] = readValues(cursor) ?? [];
  if (written !== digestOf(history) || !Number.isSafeInteger(until)) return undefined;
  if (typeof position !== 'string' || !/^\d{1,19}$/.test(position)) return undefined;
  return { until: new Date(until as number), position: BigInt(position) };
}

/** In another history, a cursor would silently skip changes. */
function digestOf({ connectionId, resourceType, since }: Reference & Pick<ChangeWindow, 'since'>): string {
  return digest([connectionId, resourceType, since]);
}
