const duplicateKey = 11000;

/** Whether a write violated a unique index (E11000). */
export function isDuplicateKey(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === duplicateKey;
}

/**
 * The positions of the inserts of an unordered bulk write that violated a unique index, because another process was first.
 * @throws the error if it has another cause, because then the state of the write is unknown
 */
export function duplicateInserts(error: unknown): ReadonlySet<number> {
  const { writeErrors } = error as { readonly writeErrors?: WriteError | readonly WriteError[] };
  const errors = [writeErrors ?? []].flat() as readonly WriteError[];
  if (errors.length === 0 || !errors.every(isDuplicateKey)) throw error;
  return new Set(errors.map(({ index }) => index));
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
 * The errors of a server that cannot work at the moment: InternalError (a panic of its storage), ShutdownInProgress,
 * PrimarySteppedDown, NotWritablePrimary (before MongoDB 4.4 also 10058), NotPrimaryOrSecondary, interruptions by one of these,
 * OutOfDiskSpace, and a command that was not done or confirmed by the majority in time: MaxTimeMSExpired, WriteConcernTimeout
 * (https://www.mongodb.com/docs/manual/reference/error-codes/).
 */
const unavailableCodes: ReadonlySet<unknown> = new Set([
  1, 50, 64, 91, 189, 10058, 10107, 11600, 11602, 13435, 13436, 14031,
]);

/** Whether MongoDB could not be reached or cannot work at the moment. False if it refused the command. */
export function isStoreUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return unavailableNames.has(error.name) || unavailableCodes.has((error as { code?: unknown }).code);
}

/** Errors that a server reports for a single document of a bulk write although the document is not the cause: locks and time limits. */
const transientCodes: ReadonlySet<unknown> = new Set([24, 46, 112, 262, 11601]);
/** Overflow, InvalidBSON, BSONObjectTooLarge. With these a server refuses a whole command before it reads the documents. */
const unreadableCodes: ReadonlySet<unknown> = new Set([15, 22, 10334]);

/** Other errors of serialization, beside those of BSON: the document is too large for the driver's buffer or for a message. */
const serializationNames: ReadonlySet<string> = new Set(['RangeError', 'MongoInvalidArgumentError']);

/**
 * Whether a write failed because of one of its documents: the driver could not serialize it, or MongoDB refused it. This must be
 * false for all other errors. Otherwise an outage would move every line of a file to the quarantine.
 */
export function isDocumentRefused(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || isStoreUnavailable(error)) return false;
  const { name = '', code, writeErrors } = error as Partial<BulkWriteFailure>;
  if (name.startsWith('BSON') || serializationNames.has(name)) return true;
  const codes = [writeErrors ?? []].flat().map((writeError) => writeError.code);
  if (codes.length === 0) return unreadableCodes.has(code);
  const isOutage = codes.some((writeCode) => unavailableCodes.has(writeCode) || transientCodes.has(writeCode));
  return !isOutage && codes.some((writeCode) => writeCode !== duplicateKey);
}

interface BulkWriteFailure {
  readonly name: string;
  readonly code: number;
  /** The driver returns a single error without a list. */
  readonly writeErrors: WriteError | readonly WriteError[];
}

interface WriteError {
  readonly code: number;
  /** The position of the operation in the bulk write. */
  readonly index: number;
}
