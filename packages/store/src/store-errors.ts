const duplicateKey = 11000;

/** Unique index violated: MongoDB's E11000. */
export function isDuplicateKey(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === duplicateKey;
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

/** What a server answers for one document of many, although the document is not the reason: locks and time limits. */
const transientCodes: ReadonlySet<unknown> = new Set([24, 46, 50, 64, 112, 262, 11601]);
/** Overflow, InvalidBSON, BSONObjectTooLarge: the reason why a server refuses a command before it looks at its documents. */
const unreadableCodes: ReadonlySet<unknown> = new Set([15, 22, 10334]);

/** Beside BSON's own errors: a document that is too large for the driver's buffer, or for a message. */
const serializationNames: ReadonlySet<string> = new Set(['RangeError', 'MongoInvalidArgumentError']);

/**
 * Whether a write failed because of a document in it: the driver could not serialize it, or MongoDB refused it. Nothing else
 * may be taken for that, or an outage would move every line of a file into the quarantine.
 */
export function isDocumentRefused(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || isStoreUnavailable(error)) return false;
  const { name = '', code, writeErrors } = error as Partial<BulkWriteFailure>;
  if (name.startsWith('BSON') || serializationNames.has(name)) return true;
  const codes = [writeErrors ?? []].flat().map((one) => one.code);
  if (codes.length === 0) return unreadableCodes.has(code);
  const isOutage = codes.some((one) => unavailableCodes.has(one) || transientCodes.has(one));
  return !isOutage && codes.some((one) => one !== duplicateKey);
}

interface BulkWriteFailure {
  readonly name: string;
  readonly code: number;
  /** A single error does not come as a list. */
  readonly writeErrors: { readonly code: number } | readonly { readonly code: number }[];
}
