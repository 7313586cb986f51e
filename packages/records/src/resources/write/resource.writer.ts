/*
 * Writes versions of resources so that any order of files, workers and repetitions ends in the same state.
 *
 *   read the stored versions -> compare (resource-version.ts) -> write what is newer -> compare lost races again, up to 20 rounds
 *                                   |                                |
 *                                   older: stale, same: unchanged    conditional on the version that was compared
 *
 * The batches of a file are not read while all its resources are new (`ofFile`).
 *
 * Nothing is written if nothing has changed. A replacement records the sources of the previous versions. Resources of patients that the
 * connection keeps out are not stored and are counted as withheld (`withhold.ts`).
 */

import { isDeepStrictEqual } from 'node:util';
import {
  type AnyCollection,
  type Database,
  FileNovelty,
  type KeptOutList,
  maxWriteMs,
  type RawWrites,
  type WriteGate,
  writeUnordered,
} from '@bulkhead/store';
import { eraseKeptOutBinaries, findRefused, type KeptOutStore, withhold } from '../erase/withhold.ts';
import { resourceError } from '../errors.ts';
import { noteStoredType, prepareResourceTypes } from '../resource-collections.ts';
import { notErased } from '../version/changed-since.ts';
import { earlierVersions, type ResourceDocument } from '../version/resource-document.ts';
import {
  type Comparison,
  compareVersions,
  contradicts,
  hidesLater,
  isSetBack,
  isTimeless,
  type ResourceVersion,
  renews,
} from '../version/resource-version.ts';
import { type SendWrites, sameVersion, sendByDriver, sendRaw, type Write, type WriteBatch } from './send-writes.ts';
import { noOutcome, sumOutcomes, type WriteOutcome } from './write-outcome.ts';

/** The fields of a stored version that are compared. The replacement is conditional on `revision` and `observedAt`. */
type StoredVersion = ResourceVersion &
  Pick<ResourceDocument, '_id' | 'source' | 'storedAt'> & { readonly revision: number };
const comparedFields = {
  subsetted: 1,
  lastUpdated: 1,
  versionId: 1,
  deleted: 1,
  observedAt: 1,
  isOfFullExport: 1,
  contentHash: 1,
  revision: 1,
  source: 1,
  storedAt: 1,
} as const;

export interface ResourceWriter {
  /** @param documents a batch of documents of one resource type */
  write(resourceType: string, documents: readonly ResourceDocument[]): Promise<WriteOutcome>;
}

/** A batch that was written. */
export interface WrittenBatch {
  readonly resourceType: string;
  readonly documents: readonly ResourceDocument[];
  /** The withheld documents, and earlier versions of the same resources in the same batch. */
  readonly withheld: ReadonlySet<ResourceDocument>;
  /** The documents of one batch are either all tombstones or none. */
  readonly isDeletion: boolean;
  readonly outcome: WriteOutcome;
}

/** Follows the batches of one file. `write` ends when it has ended, and fails if it fails: the caller's checkpoint is then not saved. */
export type WriteFollower = (batch: WrittenBatch) => Promise<void>;

/**
 * What happens to an unchanged version that was observed again:
 *
 * - `kept`: nothing, unless it has no time of the server.
 * - `noted`: its `observedAt` is moved, so that it shows what an export of everything did not contain.
 * - `renewed`: it is stored again, because the times of the export are wrong and only the observation proves that the server still has it.
 */
type OnUnchanged = 'kept' | 'noted' | 'renewed';

interface WriteOptions {
  /** What the earlier batches of the same file have shown. */
  readonly file: FileNovelty<StoredVersion>;
  readonly onUnchanged: OnUnchanged;
  readonly followers: readonly WriteFollower[];
}

/** The limit of rounds in which other writers may win the same documents. In each lost round another writer has made progress. */
const maxRounds = 20;

/** Some 2 MB. To prepare a type again costs two commands. */
const maxPrepared = 10_000;

/** Writes the versions of resources that are newer than the stored ones. */
export class VersionWriter implements ResourceWriter {
  readonly #options;
  readonly #subscriptions: (() => WriteFollower)[] = [];
  // By connection and type. Searches name their index, so every collection needs the indexes. Deletions can name types that no manifest has announced.
  readonly #prepared = new Map<string, Promise<void>>();

  constructor(options: {
    readonly database: Database;
    /** An erasure waits until a write has ended, however many rounds it needs. */
    readonly gate: Pick<WriteGate, 'admit'>;
    readonly keptOutStore: KeptOutStore;
    /** Called for each batch, because it is known only after the connection is open. Default: the driver's `bulkWrite` is used. */
    readonly rawWrites?: () => RawWrites | undefined;
    /** Called after each batch, also after those of `ofFile`. */
    readonly onWritten?: ((batch: WrittenBatch) => void) | undefined;
  }) {
    this.#options = options;
  }

  /** @param follow called once for each file, and for each batch that is of no file */
  subscribe(follow: () => WriteFollower): void {
    this.#subscriptions.push(follow);
  }

  write(resourceType: string, documents: readonly ResourceDocument[]) {
    return this.ofFile().write(resourceType, documents);
  }

  /**
   * A writer for the batches of one file. While all resources of the file are new, as in a first export, it inserts without reading
   * first. A resource that is stored already loses its insert and is then compared, and the file's later batches are read again.
   */
  ofFile({ unchanged = 'kept' }: { readonly unchanged?: OnUnchanged } = {}): ResourceWriter {
    const file = new FileNovelty<StoredVersion>();
    const followers = this.#subscriptions.map((follow) => follow());
    return {
      write: (resourceType, documents) =>
        this.#writeBatch(resourceType, documents, { file, onUnchanged: unchanged, followers }),
    };
  }

  #prepare(resourceType: string): Promise<void> {
    return this.#prepareOnce(resourceType, () => prepareResourceTypes(this.#options.database, [resourceType]));
  }

  /** Notes that the connection has the type, before anything of it is stored. */
  async #noteType(resourceType: string, [first]: readonly Write[]): Promise<void> {
    if (!first) return;
    const { connectionId } = first.document;
    await this.#prepareOnce(`${connectionId}/${resourceType}`, () =>
      noteStoredType(this.#options.database, connectionId, resourceType),
    );
  }

  #prepareOnce(key: string, prepare: () => Promise<void>): Promise<void> {
    const earlier = this.#prepared.get(key);
    if (earlier !== undefined) return earlier;
    if (this.#prepared.size >= maxPrepared) this.#prepared.clear();
    const preparing = prepare();
    this.#prepared.set(key, preparing);
    // After an error the next batch tries again.
    preparing.catch(() => this.#prepared.delete(key));
    return preparing;
  }

  async #writeBatch(
    resourceType: string,
    documents: readonly ResourceDocument[],
    options: WriteOptions,
  ): Promise<WriteOutcome> {
    const { gate, onWritten } = this.#options;
    const [first] = documents;
    if (first === undefined) return noOutcome;
    const written = await gate.admit(first.connectionId, async (keptOut) => {
      const { refused, withheld } = await this.#withhold(resourceType, documents, keptOut);
      const admitted = documents.filter((document) => !withheld.has(document));
      const outcome = await this.#writeAdmitted(resourceType, admitted, options);
      // An earlier version in the same batch was not compared.
      const stale = withheld.size - refused.size;
      return { withheld, outcome: sumOutcomes(outcome, { withheld: refused.size, stale }) };
    });
    const batch = { resourceType, documents, isDeletion: first.deleted === true, ...written };
    onWritten?.(batch);
    for (const follow of options.followers) await follow(batch);
    return batch.outcome;
  }

  /** Erases what is stored of documents that are kept out. */
  async #withhold(resourceType: string, documents: readonly ResourceDocument[], keptOut: KeptOutList | undefined) {
    const { database, keptOutStore } = this.#options;
    const refused = await findRefused({ keptOutStore, keptOut, resourceType, documents });
    if (refused.size === 0) return { refused, withheld: refused };
    const newest = newestOfEach(documents).candidates.filter((document) => refused.has(document));
    const ended = new Set(newest.map(({ _id }) => _id));
    // An earlier version can have other Binaries.
    const versions = new Set([...newest, ...[...refused].filter(({ _id }) => ended.has(_id))]);
    await withhold({ database, keptOutStore, keptOut, resourceType, documents: [...versions] });
    return {
      refused,
      withheld: new Set(documents.filter((document) => refused.has(document) || ended.has(document._id))),
    };
  }

  async #writeAdmitted(resourceType: string, documents: readonly ResourceDocument[], options: WriteOptions) {
    const { database, keptOutStore } = this.#options;
    if (documents.length > 0) await this.#prepare(resourceType);
    const outcome = await this.#writeNewest(resourceType, documents, options);
    if (resourceType === 'Binary') await eraseKeptOutBinaries({ database, keptOutStore, documents });
    return outcome;
  }

  /** Compares and writes until no document has lost a race. */
  async #writeNewest(
    resourceType: string,
    documents: readonly ResourceDocument[],
    { file, onUnchanged }: WriteOptions,
  ): Promise<WriteOutcome> {
    const { database, rawWrites } = this.#options;
    const collection = database.collection(resourceType);
    const raw = rawWrites?.();
    const send = raw ? sendRaw(raw) : sendByDriver(database);
    let { candidates, outcome } = newestOfEach(documents);
    for (let round = 0; candidates.length > 0; round++) {
      if (round === maxRounds) throw resourceError('write-contention', { context: { resourceType } });
      const compared = candidates;
      // In a later round another version of each candidate was stored.
      if (round > 0) file.noteStored();
      const stored = await file.readUnlessNew(() => readVersions(collection, compared));
      const decided = decide(candidates, { stored, onUnchanged });
      const overtaken = await noteObserved(collection, { same: decided.same, ofAll: onUnchanged !== 'kept' });
      const same = decided.same.filter(([document]) => !overtaken.includes(document));
      await this.#noteType(resourceType, decided.writes);
      const histories = await readHistories(collection, decided.writes);
      const lost = new Set(
        await writeGuarded({ collection, send, batch: { resourceType, writes: decided.writes, histories } }),
      );
      candidates = [...overtaken, ...lost];
      const won = decided.writes.filter(({ document }) => !lost.has(document));
      outcome = sumOutcomes(sumOutcomes(outcome, decided.outcome), {
        unchanged: same.filter((pair) => !isOfThisRun(...pair)).length,
        setBack: won.filter((write) => write.isSetBack).length,
        contradictions: won.filter((write) => write.contradicts).length,
      });
    }
    return { ...outcome, written: documents.length - outcome.unchanged - outcome.stale };
  }
}

function withIds(ids: readonly string[]) {
  return { _id: { $in: [...ids] } };
}

/** A batch can have several versions of the same id. Only the newest one is a candidate. */
function newestOfEach(documents: readonly ResourceDocument[]) {
  const newest = new Map<string, ResourceDocument>();
  const lost: Comparison[] = [];
  let incomplete = 0;
  for (const document of documents) {
    const previous = newest.get(document._id);
    const comparison = previous ? compareVersions(document, previous) : 'newer';
    const isLaterCopy = previous !== undefined && comparison === 'same' && renews(document, previous);
    if (comparison === 'newer' || isLaterCopy) newest.set(document._id, document);
    if (!previous) continue;
    lost.push(comparison);
    if (comparison === 'newer' ? hidesLater(document, previous) : hidesLater(previous, document)) incomplete += 1;
  }
  const unchanged = lost.filter((comparison) => comparison === 'same').length;
  const outcome = sumOutcomes(noOutcome, { unchanged, stale: lost.length - unchanged, incomplete });
  return { candidates: [...newest.values()], outcome };
}

export async function readVersions(collection: AnyCollection, documents: readonly ResourceDocument[]) {
  const versions = await collection
    .find<StoredVersion>(withIds(documents.map(({ _id }) => _id)), { projection: comparedFields })
    .toArray();
  return new Map(versions.map((version) => [version._id, version]));
}

function decide(
  documents: readonly ResourceDocument[],
  { stored, onUnchanged }: { readonly stored: ReadonlyMap<string, StoredVersion>; readonly onUnchanged: OnUnchanged },
) {
  const writes: (Write & { readonly isSetBack?: boolean; readonly contradicts?: boolean })[] = [];
  const same: [ResourceDocument, StoredVersion][] = [];
  const hasWrongTimes = onUnchanged === 'renewed';
  let [stale, contradictions, incomplete] = [0, 0, 0];
  for (const document of documents) {
    const version = stored.get(document._id);
    if (version === undefined) {
      writes.push({ document });
      continue;
    }
    const compared = compareVersions(document, version);
    const isRenewed = hasWrongTimes && compared === 'same' && document.observedAt > version.observedAt;
    const comparison = isRenewed ? 'newer' : compared;
    // An export whose times are wrong cannot say which of the two came first.
    const isContradiction = !hasWrongTimes && contradicts(document, version);
    if (comparison === 'newer')
      writes.push({
        document,
        replaces: version,
        isSetBack: isSetBack(document, version),
        contradicts: isContradiction,
      });
    // A write that loses its race is compared again.
    else if (isContradiction) contradictions++;
    if (comparison === 'same') same.push([document, version]);
    if (comparison === 'older') stale++;
    if (comparison === 'older' && hidesLater(version, document)) incomplete++;
  }
  return { writes, same, outcome: { stale, contradictions, incomplete } };
}

/**
 * A version without a time of the server is as old as its last observation. So that a file of an earlier export that comes late does not replace
 * it, the observation is noted, without a new version.
 * @returns the documents that must be compared again, because another process has stored a version meanwhile
 */
async function noteObserved(
  collection: AnyCollection,
  options: {
    readonly same: readonly (readonly [ResourceDocument, StoredVersion])[];
    /** Whether the observations of versions that have a time are noted too. */
    readonly ofAll: boolean;
  },
): Promise<readonly ResourceDocument[]> {
  const later = options.same.filter(
    ([document, version]) =>
      renews(document, version) || (options.ofAll && !document.deleted && document.observedAt > version.observedAt),
  );
  if (later.length === 0) return [];
  const operations = later.map(([document, version]) => {
    const { observedAt } = document;
    const change = isTimeless(document) ? { observedAt, lastUpdated: observedAt } : { observedAt };
    return { updateOne: { filter: sameVersion(version), update: { $set: change } } };
  });
  const { matchedCount } = await writeUnordered(collection, operations, { maxTimeMS: maxWriteMs });
  if (matchedCount === later.length) return [];
  const documents = later.map(([document]) => document);
  const versions = await readVersions(collection, documents);
  return documents.filter((document) => {
    const version = versions.get(document._id);
    return !version || compareVersions(document, version) !== 'same' || version.observedAt < document.observedAt;
  });
}

/**
 * Reads the histories of the documents that will be replaced. The comparison does not read them, because most resources of an export are
 * unchanged, and reading ten more versions of each would cost a third of the rate. If a document is replaced meanwhile, its write fails,
 * and the history is read again.
 */
async function readHistories(collection: AnyCollection, writes: readonly Write[]) {
  const replaced = writes.filter(({ replaces }) => replaces !== undefined).map(({ document }) => document._id);
  if (replaced.length === 0) return new Map();
  // An erased resource has no history.
  const filter = { $and: [withIds(replaced), notErased] };
  const stored = await collection
    .find<Parameters<typeof earlierVersions>[0] & { readonly _id: string }>(filter, {
      projection: { versionId: 1, lastUpdated: 1, deleted: 1, source: 1, storedAt: 1, earlier: 1 },
    })
    .toArray();
  return new Map(stored.map((version) => [version._id, earlierVersions(version)]));
}

/** @returns the documents that have lost a race and must be compared again */
async function writeGuarded(options: {
  readonly collection: AnyCollection;
  readonly send: SendWrites;
  readonly batch: WriteBatch;
}): Promise<ResourceDocument[]> {
  const { collection, send, batch } = options;
  if (batch.writes.length === 0) return [];
  const { matched, lostInserts } = await send(batch);
  const lost = lostInserts.map(({ document }) => document);
  const replacements = batch.writes.filter(({ replaces }) => replaces !== undefined);
  // The result does not say which replacements did not match their version.
  if (matched < replacements.length) lost.push(...(await findLost(collection, replacements)));
  return lost;
}

/** Finds the replacements that were not stored. The stored ones must not be compared again, or they would count as unchanged. */
async function findLost(collection: AnyCollection, replacements: readonly Write[]): Promise<ResourceDocument[]> {
  const versions = await readVersions(
    collection,
    replacements.map(({ document }) => document),
  );
  const isStored = ({ document, replaces }: Write): boolean => {
    const version = versions.get(document._id);
    return (
      version?.revision === (replaces?.revision ?? 0) + 1 &&
      compareVersions(document, version) === 'same' &&
      !renews(document, version) &&
      isOfSameWrite(document, version)
    );
  };
  return replacements.filter((write) => !isStored(write)).map(({ document }) => document);
}

/**
 * Whether a stored version is what this run has written: in a batch that failed in part, or from the same line in an attempt whose replies were
 * lost. Such a version is new, although it was there already.
 */
function isOfThisRun(document: ResourceDocument, version: StoredVersion): boolean {
  const isOfLine = 'line' in document.source && isDeepStrictEqual(version.source, document.source);
  return isOfLine || isOfSameWrite(document, version);
}

/** Whether a stored version was written by this attempt, and not by another one with the same content. */
function isOfSameWrite(document: ResourceDocument, { source, storedAt }: StoredVersion): boolean {
  return storedAt.getTime() === document.storedAt.getTime() && isDeepStrictEqual(source, document.source);
}
