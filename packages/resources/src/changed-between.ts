import mongoose from 'mongoose';

const { Timestamp } = mongoose.mongo;
const maxTimestampSeconds = 2 ** 32 - 1;

/** The condition that a resource was stored from `since` on, and before `until`. Both are whole seconds of the database's clock. */
export function changedBetween({ since, until }: { readonly since: Date; readonly until?: Date }) {
  return { changedAt: { $gte: timestampOf(since), ...(until ? { $lt: timestampOf(until) } : {}) } };
}

export function timestampOf(second: Date): mongoose.mongo.Timestamp {
  // Other years have no timestamp, and no change.
  return new Timestamp({ t: Math.min(Math.max(0, Math.floor(second.getTime() / 1000)), maxTimestampSeconds), i: 0 });
}
