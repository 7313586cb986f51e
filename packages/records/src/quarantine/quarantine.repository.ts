/*
 * Lines that cannot be stored as resources are quarantined. They are encrypted, because they contain patient data. An operator can view
 * them, and can replay them with a correction, or after an update of this system that understands them.
 *
 *   put -> open -> replay job -> replayed    the line is stored as a resource. Retention deletes the quarantined line later
 *            ^         └───────> open        it is still not a usable resource. The reason of this attempt is recorded
 *            │         └───────> withheld    it belongs to an erased patient. Only its position is left
 *            └── a file that is read again puts the same lines under the same ids
 *
 * After a replay the counts of the file or the search are computed from the lines in the quarantine, so a repetition counts nothing
 * twice.
 */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  type ConnectionScope,
  createEncryptedField,
  type EncryptedFiles,
  type EncryptedFileWriter,
  inScope,
  mongooseSchemaOf,
  type StoreContext,
  type Stored,
} from '@bulkhead/store';
import { collections } from './collections.ts';
import { documentSchema, idOf, LineWriter, QuarantineRoom } from './line-writer.ts';
import type { LineGroup, QuarantinedCount, QuarantinedLine, QuarantineEntry } from './quarantine.record.ts';

/** Only this many bytes of a longer line are kept. Every line that a document can hold is shorter. */
export const maxKeptLineBytes = 16 * 1024 * 1024;

type RecentLine = Pick<QuarantineEntry, 'connectionId' | 'reason' | 'createdAt'>;

export type QuarantineFilter = Partial<Pick<QuarantineEntry, 'connectionId' | 'runId' | 'fileId' | 'reason' | 'state'>>;

/** The filters whose lines an index contains without others. */
const countable = ['', 'connectionId', 'runId', 'fileId', 'fileId,state', 'state'];

const schema = mongooseSchemaOf(documentSchema, { collection: collections.quarantine });
// An id starts with the id of the export, so the index also gives the lines of one file in their order.
schema.index({ connectionId: 1, _id: 1 });
schema.index({ runId: 1, _id: 1 });
schema.index({ fileId: 1, state: 1 });
// Monitoring reads the lines of the last day.
schema.index({ state: 1, createdAt: -1, _id: 1 });
schema.index({ createdAt: -1, _id: 1 });
schema.index({ connectionId: 1, createdAt: -1, _id: 1 });
// `listGroups` reads only this index, because a line can have a megabyte.
schema.index({ state: 1, connectionId: 1, runId: 1, reason: 1, createdAt: 1 });

/** `quarantine`: the lines that could not be stored, encrypted. */
export class QuarantineRepository {
  readonly encryptedFields;
  readonly #gate;
  readonly #files;
  readonly #model;
  readonly #room;
  readonly #lineBytes;
  readonly #corrections;
  readonly #writer;
  readonly #onQuarantined;

  constructor(
    options: StoreContext & {
      readonly files: EncryptedFiles;
      /** Told about each `put`. */
      readonly onQuarantined?: ((count: QuarantinedCount) => void) | undefined;
    },
  ) {
    const { database, secretBox, gate, files, onQuarantined } = options;
    this.#gate = gate;
    this.#files = files;
    this.#onQuarantined = onQuarantined;
    this.#model = database.model('Quarantine', schema);
    this.#room = new QuarantineRoom(database);
    const fieldOptions = { database, secretBox, collection: collections.quarantine, ownerOf: (id: string) => id };
    this.#lineBytes = createEncryptedField({ ...fieldOptions, field: 'encryptedBytes' });
    this.#corrections = createEncryptedField({ ...fieldOptions, field: 'encryptedCorrection' });
    this.#writer = new LineWriter({ model: this.#model, files, room: this.#room, encrypt: this.#lineBytes.encrypt });
    this.encryptedFields = [this.#lineBytes, this.#corrections, ...files.encryptedFields];
  }

  /**
   * Quarantines lines. The id of a line is derived from its position, so reading a file again quarantines nothing twice. Of a line that
   * mentions a patient who is kept out, only the position is stored.
   * @param options.lines lines of one export
   * @returns how many lines are of such patients
   */
  async put({ lines, now }: { readonly lines: readonly QuarantinedLine[]; readonly now: Date }): Promise<number> {
    const [first] = lines;
    if (!first) return 0;
    const withheld = await this.#gate.admit(first.connectionId, (keptOut) => this.#writer.put({ lines, now, keptOut }));
    this.#onQuarantined?.({ quarantined: lines.length - withheld, withheld });
    return withheld;
  }

  /** Creates a file for a line that is too long for memory. Call `put` without `bytes` when the line has ended. */
  createLongLine({
    connectionId,
    ...position
  }: Pick<QuarantinedLine, 'connectionId' | 'fileId' | 'offset'>): Promise<EncryptedFileWriter> {
    return this.#files.create({ owner: idOf(position), connectionId });
  }

  /**
   * Lists lines in the order of files and positions, or the newest first.
   * @param options.after the last id of the previous page
   */
  async list(options: {
    readonly filter: QuarantineFilter;
    readonly scope: ConnectionScope;
    readonly limit: number;
    readonly after?: string | undefined;
    readonly newestFirst?: boolean;
  }): Promise<QuarantineEntry[]> {
    const { filter, scope, limit, after, newestFirst = false } = options;
    const page = after === undefined ? {} : newestFirst ? await this.#olderThan(after) : { _id: { $gt: after } };
    const documents = await this.#model
      .find({ $and: [filter, inScope(scope), page] } as object, { encryptedBytes: 0, encryptedFile: 0 })
      .sort(newestFirst ? { createdAt: -1, _id: 1 } : { _id: 1 })
      .limit(limit)
      .lean();
    return documents.map(toEntry);
  }

  /** The lines in a state by reason and run, the newest group first. It reads only an index. */
  async listGroups(options: {
    readonly state: QuarantineEntry['state'];
    readonly connectionId?: string | undefined;
    readonly scope: ConnectionScope;
  }): Promise<LineGroup[]> {
    const { state, connectionId, scope } = options;
    const ofConnection = connectionId === undefined ? {} : { connectionId };
    const groups = await this.#model.aggregate<LineGroup & { readonly _id: object }>([
      { $match: { state, $and: [ofConnection, inScope(scope)] } },
      {
        $group: {
          _id: { connectionId: '$connectionId', runId: '$runId', reason: '$reason' },
          count: { $sum: 1 },
          firstAt: { $min: '$createdAt' },
          lastAt: { $max: '$createdAt' },
        },
      },
      { $addFields: { connectionId: '$_id.connectionId', runId: '$_id.runId', reason: '$_id.reason' } },
      { $sort: { lastAt: -1, runId: -1, reason: 1 } },
    ]);
    return groups.map(({ _id, ...group }) => group);
  }

  /** @returns the number of lines, at most `limit`, or undefined if no index can count them */
  async count(options: {
    readonly filter: QuarantineFilter;
    readonly scope: ConnectionScope;
    readonly limit: number;
  }): Promise<number | undefined> {
    const { filter, scope, limit } = options;
    const names = Object.keys(filter).toSorted().join();
    // A scope is one more criterion, unless the filter names a connection, which must be in it.
    const isCounted = countable.includes(names) && (scope === 'all' || names === 'connectionId');
    return isCounted ? this.#model.countDocuments(filter as object, { limit }) : undefined;
  }

  async find(id: string): Promise<QuarantineEntry | undefined> {
    const document = await this.#model.findById(id, { encryptedBytes: 0, encryptedFile: 0 }).lean();
    return document ? toEntry(document) : undefined;
  }

  /** Reads the kept bytes of a line, as the server sent them. @throws if the id does not exist */
  async openBytes(id: string): Promise<Readable> {
    const { encryptedBytes, encryptedFile } = await this.#model
      .findById(id, { encryptedBytes: 1, encryptedFile: 1 })
      .orFail()
      .lean();
    if (encryptedFile !== undefined) return this.#files.open({ owner: id, file: encryptedFile });
    return Readable.from(encryptedBytes === undefined ? [] : [this.#lineBytes.decrypt(id, encryptedBytes)]);
  }

  /** Reads the bytes for a replay: the correction or, if there is none, the line itself. */
  async readLine(id: string): Promise<Buffer> {
    const { encryptedCorrection } = await this.#model.findById(id, { encryptedCorrection: 1 }).orFail().lean();
    if (encryptedCorrection !== undefined) return this.#corrections.decrypt(id, encryptedCorrection);
    return buffer(await this.openBytes(id));
  }

  /** Reads the kept bytes of all lines of a connection, with their corrections. An erasure looks for a patient in them. */
  async *readAllTexts(connectionId: string) {
    const documents = this.#model
      .find(withContent(connectionId), { isTruncated: 1, encryptedBytes: 1, encryptedFile: 1, encryptedCorrection: 1 })
      .sort({ _id: 1 })
      .lean()
      .cursor({ batchSize: textsPerBatch });
    for await (const { _id: id, isTruncated, encryptedBytes, encryptedFile, encryptedCorrection } of documents) {
      const texts = [
        ...(encryptedBytes === undefined ? [] : [this.#lineBytes.decrypt(id, encryptedBytes)]),
        ...(encryptedFile === undefined ? [] : [await buffer(this.#files.open({ owner: id, file: encryptedFile }))]),
        ...(encryptedCorrection === undefined ? [] : [this.#corrections.decrypt(id, encryptedCorrection)]),
      ];
      yield { id, isTruncated, texts };
    }
  }

  countOfConnection(connectionId: string): Promise<number> {
    return this.#model.countDocuments({ connectionId });
  }

  countWithContent(connectionId: string): Promise<number> {
    return this.#model.countDocuments(withContent(connectionId));
  }

  async saveCorrection({ id, bytes }: { readonly id: string; readonly bytes: Buffer }): Promise<void> {
    await this.#gate.write(() => {
      const encryptedCorrection = this.#corrections.encrypt(id, bytes);
      return this.#model.updateOne({ _id: id, state: 'open' }, { $set: { encryptedCorrection } });
    });
  }

  /** Marks open lines as not needed. They keep their content, and can be replayed one by one. @returns how many */
  async dismiss(options: {
    readonly filter: QuarantineFilter & { readonly id?: string };
    readonly scope: ConnectionScope;
  }) {
    const { id, ...criteria } = options.filter;
    const selected = { ...criteria, ...(id === undefined ? {} : { _id: id }), state: 'open' };
    const open = { $and: [selected, inScope(options.scope)] } as object;
    return (await this.#model.updateMany(open, { $set: { state: 'dismissed' as const } })).modifiedCount;
  }

  /** Opens a dismissed line again. */
  async reopen(id: string): Promise<void> {
    await this.#model.updateOne({ _id: id, state: 'dismissed' }, { $set: { state: 'open' as const } });
  }

  /**
   * Records a replay, also if the line was dismissed meanwhile.
   * @param options.reason why the line is still not a usable resource. Undefined if it is stored
   */
  async noteReplay(options: { readonly id: string; readonly reason?: string | undefined; readonly now: Date }) {
    const { id, reason, now } = options;
    const replay = { at: now, ...(reason === undefined ? {} : { reason }) };
    const change = { $set: { replay, ...(reason === undefined ? { state: 'replayed' as const } : {}) } };
    // An erasure may have withheld the line in the meantime.
    await this.#model.updateOne({ _id: id, state: { $in: unstored } }, change);
  }

  /** Lists the connection and the time of the open lines since `since`, the newest first. It reads at most `limit` records. */
  async listRecentOpen({ since, limit }: { readonly since: Date; readonly limit: number }): Promise<RecentLine[]> {
    const open = { state: 'open' as const, createdAt: { $gte: since } };
    const fields = { _id: 0, connectionId: 1, reason: 1, createdAt: 1 } as const;
    return this.#model.find(open, fields).sort({ createdAt: -1 }).limit(limit).lean();
  }

  /** How many lines of a file are not stored. */
  countOpen(fileId: string): Promise<number> {
    return this.#model.countDocuments({ fileId, state: { $in: unstored } });
  }

  countWithheld(fileId: string): Promise<number> {
    return this.#model.countDocuments({ fileId, state: 'withheld' });
  }

  /**
   * Removes the content of a line of an erased patient. The record stays, because replays of other lines compute the counts from it.
   * @returns false if that was done before, or the line does not exist
   */
  async withhold({ id, now }: { readonly id: string; readonly now: Date }): Promise<boolean> {
    const line = await this.#model
      .findOne({ _id: id, state: { $ne: 'withheld' } }, { runId: 1, keptBytes: 1, state: 1 })
      .lean();
    if (!line) return false;
    await this.#files.removeOf(id);
    // A replayed line is counted as stored, and that does not change. Its record is no longer needed.
    const isReplayed = line.state === 'replayed';
    const contentFields = { encryptedBytes: 1, encryptedFile: 1, encryptedCorrection: 1, sha256: 1 } as const;
    const change = { $set: { state: 'withheld' as const, keptBytes: 0, replay: { at: now } }, $unset: contentFields };
    const isChanged = isReplayed
      ? (await this.#model.deleteOne({ _id: id, state: 'replayed' })).deletedCount === 1
      : (await this.#model.updateOne({ _id: id, state: { $in: unstored } }, change)).matchedCount === 1;
    if (isChanged) await this.#room.free(line.runId, { keptBytes: line.keptBytes ?? 0, lines: 0 });
    return isChanged;
  }

  /** A filter for the lines after one in the list whose newest line is first. */
  async #olderThan(id: string): Promise<object> {
    const last = await this.#model.findById(id, { createdAt: 1 }).lean();
    if (!last) return { _id: { $in: [] } };
    const { createdAt } = last;
    return { $or: [{ createdAt: { $lt: createdAt } }, { createdAt, _id: { $gt: id } }] };
  }

  /** The files and searches that have withheld lines. Their counts must be computed again. */
  async listWithheld(connectionId: string): Promise<readonly WithheldFile[]> {
    return this.#model.aggregate<WithheldFile>([
      { $match: { connectionId, state: 'withheld' } },
      {
        $group: {
          _id: '$fileId',
          runId: { $first: '$runId' },
          source: { $first: '$source' },
          stepId: { $first: '$stepId' },
          resourceType: { $first: '$resourceType' },
        },
      },
      { $project: { _id: 0, fileId: '$_id', runId: 1, source: 1, stepId: 1, resourceType: 1 } },
    ]);
  }

  async hasOpenSince({ fileId, since }: { readonly fileId: string; readonly since: Date }): Promise<boolean> {
    return (await this.#model.exists({ fileId, state: { $in: unstored }, createdAt: { $gte: since } })) !== null;
  }

  /** The exports and sync runs of a connection that have lines that can still be stored. */
  listRunsWithOpen(connectionId: string): Promise<string[]> {
    return this.#model.distinct('runId', { connectionId, state: { $in: unstored } });
  }

  /** Removes what is found by the ids of runs that are about to be deleted: files of unfinished lines, and the used room. */
  async forgetRuns(ids: readonly string[]): Promise<void> {
    await this.#room.forget(ids);
    for (const id of ids) await this.#files.removeBelow(id);
  }

  /** Whether an export or a sync run has lines that can still be stored. */
  async hasOpen(runId: string): Promise<boolean> {
    return (await this.#model.exists({ runId, state: { $in: unstored } })) !== null;
  }

  /** Removes replayed lines. @returns how many */
  async deleteReplayed(ids: readonly string[]): Promise<number> {
    const replayed = { _id: { $in: [...ids] }, state: 'replayed' as const };
    const documents = await this.#model.find(replayed, { runId: 1, keptBytes: 1, encryptedFile: 1 }).lean();
    let deleted = 0;
    for (const { _id, runId, keptBytes = 0, encryptedFile } of documents) {
      const { deletedCount } = await this.#model.deleteOne({ _id, state: 'replayed' });
      deleted += deletedCount;
      if (deletedCount > 0) await this.#room.free(runId, { keptBytes, lines: 1 });
      if (encryptedFile !== undefined) await this.#files.removeOf(_id);
    }
    return deleted;
  }

  /** Removes all lines of an export or a sync run whose record was deleted. */
  async deleteByRun(runId: string): Promise<void> {
    const withFile = this.#model.find({ runId, encryptedFile: { $exists: true } }, { _id: 1 }).lean();
    for await (const { _id } of withFile.cursor()) await this.#files.removeOf(_id);
    await this.#model.deleteMany({ runId });
    await this.#room.forget([runId]);
  }

  /** When a line of a file was last quarantined. @returns undefined if none was */
  async lastQuarantinedAt(fileId: string): Promise<Date | undefined> {
    const last = await this.#model.findOne({ fileId }, { createdAt: 1 }).sort({ createdAt: -1 }).lean();
    return last?.createdAt;
  }

  /**
   * Removes the lines of a file or a search that is read again from its start.
   * @param until only lines that were quarantined until then
   * @returns how many
   */
  async deleteByFile(fileId: string, until?: Date): Promise<number> {
    const ofFile = { fileId, ...(until === undefined ? {} : { createdAt: { $lte: until } }) };
    const documents = await this.#model.find({ ...ofFile, encryptedFile: { $exists: true } }, { _id: 1 }).lean();
    for (const { _id } of documents) await this.#files.removeOf(_id);
    const usages = await this.#model.aggregate<{
      readonly _id: string;
      readonly bytes: number;
      readonly lines: number;
    }>([{ $match: ofFile }, { $group: { _id: '$runId', bytes: { $sum: '$keptBytes' }, lines: { $sum: 1 } } }]);
    const { deletedCount } = await this.#model.deleteMany(ofFile);
    for (const { _id: runId, bytes, lines } of usages) await this.#room.free(runId, { keptBytes: bytes, lines });
    return deletedCount;
  }
}

/** The states of a line that is not stored and can still be. */
const unstored = ['open' as const, 'dismissed' as const];

/** A file or a search with withheld lines. */
type WithheldFile = Pick<QuarantineEntry, 'fileId' | 'runId'> &
  Partial<Pick<QuarantineEntry, 'source' | 'stepId' | 'resourceType'>>;

/** A line has up to 1 MB in its document. */
const textsPerBatch = 16;

function withContent(connectionId: string) {
  return { connectionId, state: { $in: [...unstored, 'replayed' as const] } };
}

function toEntry({
  _id,
  encryptedBytes: _,
  encryptedFile: __,
  encryptedCorrection,
  ...fields
}: Stored<typeof documentSchema>): QuarantineEntry {
  const isCorrected = encryptedCorrection !== undefined;
  return { id: _id, ...fields, isCorrected };
}
