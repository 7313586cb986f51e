import { maxWriteMs } from './raw-writes.ts';

/** The URI can set another time after which a command has lost its answer. */
export function connectionSettingsFor(
  uri: string,
): typeof connectionSettings | Omit<typeof connectionSettings, 'socketTimeoutMS'> {
  const { socketTimeoutMS: _, ...others } = connectionSettings;
  return /[?&]socketTimeoutMS=/i.test(uri) ? others : connectionSettings;
}

/** How every program connects to MongoDB. */
export const connectionSettings = {
  autoIndex: false,
  autoCreate: false,
  bufferCommands: false,
  // An acknowledged write survives the loss of the primary, so a checkpoint is never ahead of its data.
  writeConcern: { w: 'majority', journal: true },
  // A secondary can be behind, so a history or a decision that is read from it could miss what was written.
  readPreference: 'primary',
  // Short, so that a request fails with 503 and a job is retried soon if MongoDB is unavailable.
  serverSelectionTimeoutMS: 3000,
  // A command that is without an answer for longer has lost it: twice the time that MongoDB has for a write. Without this limit a job whose
  // reply is lost on an open connection waits for ever. The driver sends a read once more, and a job runs again after a write.
  socketTimeoutMS: 2 * maxWriteMs,
} as const;
