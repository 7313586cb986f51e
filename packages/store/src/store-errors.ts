/** Unique index violated: MongoDB's E11000. */
export function isDuplicateKey(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 11000;
}

const unavailableNames = new Set([
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongooseServerSelectionError',
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MongoPoolClearedError',
  'MongoExpiredSessionError',
  'PoolClearedOnNetworkError',
  'PoolClosedError',
]);

/** Whether MongoDB could not be reached, as opposed to having refused. */
export function isStoreUnavailable(error: unknown): boolean {
  return error instanceof Error && unavailableNames.has(error.name);
}
