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
} as const;
