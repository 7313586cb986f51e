import { decodeExactNumbers, type NumberText } from '@bulkhead/bson';
import { maxWriteMs } from '@bulkhead/store';
import mongoose, { type Connection as Database } from 'mongoose';
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
const maxTimestampSeconds = 2 ** 32 - 1;
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

interface Reference {
  readonly connectionId: string;
  readonly resourceType: string;
}

type ChangedDocument = Omit<ResourceChange, 'changedAt'> & {
  readonly changedAt: mongoose.mongo.Timestamp;
  readonly numberTexts?: NumberText[];
};

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
          projection: { _id: 0, resourceId: 1, deleted: 1, versionId: 1, resource: 1, numberTexts: 1, changedAt: 1 },
          sort: { changedAt: -1 },
          batchSize,
          maxTimeMS: maxTimeMs,
          ...(signal ? { signal } : {}),
        },
      );
      let previous: bigint | undefined;
      for await (const { changedAt: at, resource, numberTexts, ...change } of documents) {
        const position = at.toBigInt();
        yield {
          ...change,
          changedAt: wholeSecond(at.getHighBitsUnsigned() * 1000),
          resource: decodeExactNumbers(resource, numberTexts),
          // Two servers of a sharded cluster can give the same time.
          beginsPage: position !== previous,
          position,
        };
        previous = position;
      }
    },
  };
}

export function wholeSecond(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}

function timestampOf(second: Date): mongoose.mongo.Timestamp {
  // Other years have no timestamp, and no change.
  return new Timestamp({ t: Math.min(Math.max(0, second.getTime() / 1000), maxTimestampSeconds), i: 0 });
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
