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

/**
 * What a server answers that cannot work at the moment: InternalError (a panic of its storage), ShutdownInProgress,
 * PrimarySteppedDown, NotWritablePrimary, interrupted by one of these, OutOfDiskSpace
 * (https://www.mongodb.com/docs/manual/reference/error-codes/).
 */
const unavailableCodes: ReadonlySet<unknown> = new Set([1, 91, 189, 10107, 11600, 11602, 13435, 14031]);

/** Whether MongoDB could not be reached or cannot work at the moment, as opposed to having refused. */
export function isStoreUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return unavailableNames.has(error.name) || unavailableCodes.has((error as { code?: unknown }).code);
}
