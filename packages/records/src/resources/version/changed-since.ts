import mongoose from 'mongoose';

const { Timestamp } = mongoose.mongo;
const maxTimestampSeconds = 2 ** 32 - 1;

/** MongoDB replaces an empty timestamp by its own time (https://www.mongodb.com/docs/manual/reference/bson-types/#timestamps). */
export const changedNow = { changedAt: new Timestamp(0n) };

/** The condition that a resource was stored from a time on: a whole second of the database's clock. */
export function changedSince(since: Date) {
  return { changedAt: { $gte: timestampOf(since) } };
}

export function timestampOf(second: Date): mongoose.mongo.Timestamp {
  // Other years have no timestamp, and no change.
  return new Timestamp({ t: Math.min(Math.max(0, Math.floor(second.getTime() / 1000)), maxTimestampSeconds), i: 0 });
}

/** Excludes entries of erased resources. */
export const notErased = { erased: { $ne: true } } as const;

/** The time of the database for one stream, without the time of the reader. It is enough for some ten million resources. */
export const streamTimeMs = 30 * 60_000;

export function wholeSecond(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}
