import type { ExportError } from '@bulkhead/base';
import {
  type Claim,
  countIn,
  countSchema,
  createClaims,
  createEncryptedField,
  createKeptOutTexts,
  findIds,
  mongooseSchemaOf,
  quotesEhr,
  removeOthers,
  type StoreContext,
  type Stored,
  sumsOf,
  writeUnordered,
} from '@bulkhead/store';
import { z } from 'zod';
import type { Retrying } from '../runs/index.ts';
import type { BulkExport } from './bulk-export.record.ts';
import { type ExportCounts, type IssueCount, lineCounts, noCounts } from './bulk-export.record.ts';
import { collections } from './collections.ts';
import {
  emptyCheckpoint,
  type FileCheckpoint,
  type OutputFile,
  type OutputFileState,
  outputFileSchema,
  sumIssues,
} from './output-file.record.ts';

export const outputFileDocumentSchema = outputFileSchema.extend({
  /** The link of a file that can be downloaded only with a token. */
  url: outputFileSchema.shape.url.exactOptional(),
  /** The encrypted link of a file that needs no token. Such a link is a secret. It is removed, because it is not searched for a patient. */
  encryptedUrl: quotesEhr(z.string()).exactOptional(),
  /** Names the attempt that may write. Checkpoints of other attempts are rejected. */
  claim: z.string().exactOptional(),
});
/** A write of a manifest with 50,000 files would need 200 MB. */
const insertedAtOnce = 1000;

type OutputFileDocument = Stored<typeof outputFileDocumentSchema>;

type LinkedFile = Pick<OutputFile, 'id' | 'url' | 'requiresAccessToken'>;
type LinkFields = Pick<OutputFileDocument, 'url' | 'encryptedUrl' | 'requiresAccessToken'>;

const unsettled: OutputFileState[] = ['pending', 'downloading'];

/** The order of the manifest. Entries of versions without `position` have their position in the id. */
const inOrder = { position: 1, _id: 1 } as const;

const schema = mongooseSchemaOf(outputFileDocumentSchema, {
  collection: collections.outputFiles,
  minimize: false,
  suppressReservedKeysWarning: true,
});
schema.index({ exportId: 1, state: 1 });
schema.index({ exportId: 1, position: 1, _id: 1 });
// The event stream of an export asks every second which files were settled since the last snapshot.
schema.index({ exportId: 1, completedAt: 1 });

/** `output_files`: the ledger, one entry per file of a manifest. */
export class OutputFileRepository {
  readonly encryptedFields;
  readonly #gate;
  readonly #keptOutTexts;
  readonly #model;
  readonly #claims;
  readonly #links;

  constructor({ database, secretBox, gate }: StoreContext) {
    this.#gate = gate;
    this.#model = database.model('OutputFile', schema);
    const place = { database, collection: collections.outputFiles };
    this.#keptOutTexts = createKeptOutTexts({
      ...place,
      gate,
      schema: outputFileDocumentSchema,
      encrypted: ['encryptedUrl'],
    });
    this.#claims = createClaims<OutputFileDocument>({ ...place, running: 'downloading', unsettled });
    const ownerOf = (id: string) => `${id}/url`;
    this.#links = createEncryptedField({ ...place, secretBox, field: 'encryptedUrl', ownerOf });
    this.encryptedFields = [this.#links];
  }

  /** Adds entries that do not exist yet. Adding the same manifest twice changes nothing. @returns the ids of those that it added */
  async insertMissing(files: readonly OutputFile[]): Promise<readonly string[]> {
    const added: string[] = [];
    for (let from = 0; from < files.length; from += insertedAtOnce)
      added.push(...(await this.#insertSome(files.slice(from, from + insertedAtOnce))));
    return added;
  }

  async #insertSome(files: readonly OutputFile[]): Promise<readonly string[]> {
    const [first] = files;
    if (!first) return [];
    const { upsertedIds } = await this.#gate.admit(first.connectionId, () => {
      const operations = files.map(({ id, url, requiresAccessToken, ...fields }) => ({
        updateOne: {
          filter: { _id: id },
          update: { $setOnInsert: { ...fields, ...this.#linkFields({ id, url, requiresAccessToken }) } },
          upsert: true,
        },
      }));
      return writeUnordered(this.#model.collection, operations);
    });
    return Object.values(upsertedIds as Readonly<Record<number, unknown>>).map(String);
  }

  /** Removes the patients who are kept out from the texts of the settled files of an export. */
  forgetKeptOut({ id: exportId, connectionId }: { readonly id: string; readonly connectionId: string }): Promise<void> {
    return this.#keptOutTexts.forget(connectionId, { exportId, state: { $nin: unsettled } });
  }

  countOfSlice(record: SliceOfExport): Promise<number> {
    return this.#model.countDocuments(inSlice(record));
  }

  countOf(exportIds: readonly string[]): Promise<number> {
    return countIn(this.#model, { field: 'exportId', values: exportIds });
  }

  /** Removes those of the entries whose download has not started. */
  async removeUnstarted(ids: readonly string[]): Promise<void> {
    await this.#model.deleteMany({ _id: { $in: [...ids] }, state: 'pending', attempts: 0 });
  }

  /**
   * Removes entries of the current slice that are not among `ids` and whose download has not started. They are from another read of the manifest, whose
   * process died or was slower.
   * @returns how many
   */
  removeOthers(record: SliceOfExport, ids: ReadonlySet<string>): Promise<number> {
    return removeOthers(this.#model, { filter: inSlice(record), ids });
  }

  /** Lists the entries of the current slice from manifests that were read before the export had this version. */
  listEarlier(record: EarlierFiles): Promise<OutputFile[]> {
    return this.#list(earlier(record));
  }

  /** Removes the entries that `listEarlier` lists. */
  async removeEarlier(record: EarlierFiles): Promise<void> {
    await this.#model.deleteMany(earlier(record));
  }

  async find(id: string): Promise<OutputFile | undefined> {
    const document = await this.#model.findById(id).lean();
    return document ? this.#toRecord(document) : undefined;
  }

  /** The types of the files of resources that the manifest of an export had. */
  async listSentTypes(exportId: string): Promise<string[]> {
    const types = await this.#model.distinct('type', { exportId, section: 'output' });
    return types as string[];
  }

  listByExport(exportId: string): Promise<OutputFile[]> {
    return this.#list({ exportId });
  }

  /** Lists the entries of the current slice. */
  listOfSlice(record: SliceOfExport): Promise<OutputFile[]> {
    return this.#list(inSlice(record));
  }

  async #list(filter: object): Promise<OutputFile[]> {
    const documents = await this.#model.find(filter).sort(inOrder).lean();
    return documents.map((document) => this.#toRecord(document));
  }

  /** When an entry was last settled. The epoch if none was. */
  async lastSettledAt(exportId: string): Promise<Date> {
    const last = await this.#model.findOne({ exportId }, { completedAt: 1 }).sort({ completedAt: -1 }).lean();
    return last?.completedAt ?? new Date(0);
  }

  /** Lists the entries that are being downloaded, and those that were settled since `settledSince`. At most `limit` of each. */
  async listChanging(options: {
    readonly exportId: string;
    readonly settledSince: Date;
    readonly limit: number;
  }): Promise<{ readonly downloading: readonly OutputFile[]; readonly settled: readonly OutputFile[] }> {
    const { exportId, settledSince, limit } = options;
    const [downloading, settled] = await Promise.all([
      this.#model.find({ exportId, state: 'downloading' }).sort({ _id: 1 }).limit(limit).lean(),
      this.#model
        .find({ exportId, completedAt: { $gte: settledSince } })
        .sort({ completedAt: 1 })
        .limit(limit)
        .lean(),
    ]);
    return {
      downloading: downloading.map((document) => this.#toRecord(document)),
      settled: settled.map((document) => this.#toRecord(document)),
    };
  }

  listUnsettledIds(exportId: string) {
    return findIds(this.#model, { exportId, state: { $in: unsettled } }, { sort: inOrder });
  }

  countUnsettled(exportId: string): Promise<number> {
    return this.#model.countDocuments({ exportId, state: { $in: unsettled } });
  }

  /** Whether any file must still be downloaded. Only needed after a download whose job has no parent flow. */
  async hasUnsettled(exportId: string): Promise<boolean> {
    return (await this.#model.exists({ exportId, state: { $in: unsettled } })) !== null;
  }

  /**
   * Makes `claim` the only attempt that may write this file's progress.
   * @returns undefined if the file is settled
   */
  async claim(claim: Claim, now: Date): Promise<OutputFile | undefined> {
    // $min keeps the start of the first attempt.
    const document = await this.#claims.take(claim, { $min: { startedAt: now } });
    return document && this.#toRecord(document);
  }

  /** Commits progress. @returns false if another attempt has taken over. Then this attempt must stop. */
  async saveCheckpoint(
    claim: Claim,
    { checkpoint, etag }: { readonly checkpoint: FileCheckpoint; readonly etag?: string | undefined },
  ): Promise<boolean> {
    return this.#claims.update(claim, { $set: { checkpoint, ...(etag === undefined ? {} : { etag }) } });
  }

  /** Counts what a download had written when its file was cancelled. Nothing continues at this checkpoint. */
  async saveCancelled({ id, checkpoint }: { readonly id: string; readonly checkpoint: FileCheckpoint }): Promise<void> {
    const isBehind = { _id: id, state: 'cancelled' as const, 'checkpoint.lines': { $lt: checkpoint.lines } };
    await this.#model.updateOne(isBehind as object, { $set: { checkpoint } });
  }

  /** Resets the progress, because the file changed at the server or cannot be resumed. The whole file is read again. */
  restart(claim: Claim): Promise<boolean> {
    return this.#claims.update(claim, { $set: { checkpoint: emptyCheckpoint }, $unset: { etag: 1 } });
  }

  /** @param options.hasPromisedCount whether the file had the number of resources that the manifest promised, or it promised none */
  async complete(
    claim: Claim,
    options: { readonly checkpoint: FileCheckpoint; readonly hasPromisedCount: boolean; readonly now: Date },
  ): Promise<void> {
    const { checkpoint, hasPromisedCount, now } = options;
    await this.#claims.update(claim, {
      $set: { checkpoint, state: 'completed', completedAt: now },
      $unset: { retrying: 1, ...(hasPromisedCount ? { receivedCount: 1 } : {}) },
    });
  }

  /**
   * Records why an attempt failed and when the next one is due. A wait does not count as an attempt.
   * @param options.receivedCount the number of resources in a whole download, if it is not the promised number. The next attempt
   * reads the whole file again, to compare
   */
  async noteRetrying(
    claim: Claim,
    options: {
      readonly retrying: Retrying;
      readonly receivedCount?: number | undefined;
      readonly cut?: OutputFile['cut'] | undefined;
    },
  ): Promise<void> {
    const { retrying, receivedCount, cut } = options;
    await this.#claims.update(claim, {
      $set: {
        retrying,
        ...(receivedCount === undefined ? {} : { receivedCount }),
        ...(cut === undefined ? {} : { cut }),
      },
      // Without an ETag the next attempt reads the file from the start.
      ...(receivedCount === undefined ? {} : { $unset: { etag: 1 } }),
      ...(retrying.state === 'waiting' ? { $inc: { attempts: -1 } } : {}),
    });
  }

  isHeld(claim: Claim): Promise<boolean> {
    return this.#claims.isHeld(claim);
  }

  /** Replaces the links of files that are not settled. `files` belong to one export and have the new URLs. */
  async refreshLinks(files: readonly LinkedFile[]): Promise<void> {
    if (files.length === 0) return;
    await this.#gate.write(() => {
      const operations = files.map((file) => ({
        updateOne: {
          filter: { _id: file.id, state: { $in: unsettled } },
          update: [
            { $unset: ['url', 'encryptedUrl'] },
            { $set: { ...this.#linkFields(file), linkRefreshedAtLine: '$checkpoint.lines' } },
          ],
        },
      }));
      return writeUnordered(this.#model.collection, operations);
    });
  }

  /** Cancels the files that are not settled. Their downloads lose their claims and stop. */
  async cancelUnsettled({ exportId, now }: { readonly exportId: string; readonly now: Date }): Promise<void> {
    await this.#claims.settleAll({ exportId }, { $set: { state: 'cancelled', completedAt: now } });
  }

  /**
   * Corrects the counts of a settled file after lines have left the quarantine. They are now counted as `stored`, or as `withheld`
   * if their patient was erased.
   */
  async recountQuarantined(options: {
    readonly id: string;
    readonly quarantined: number;
    /** Lines of erased patients. */
    readonly withheld: number;
  }): Promise<void> {
    const { id, quarantined, withheld } = options;
    const newlyWithheld = { $subtract: [withheld, { $ifNull: ['$checkpoint.withheldLines', 0] }] };
    const settledLines = { $subtract: [{ $subtract: ['$checkpoint.quarantined', quarantined] }, newlyWithheld] };
    const withheldCounts = {
      'checkpoint.withheld': { $add: [{ $ifNull: ['$checkpoint.withheld', 0] }, newlyWithheld] },
      'checkpoint.withheldLines': withheld,
    };
    const settled = { _id: id, state: { $nin: unsettled } };
    await this.#model.updateOne(
      { ...settled, section: 'output' },
      [
        {
          $set: {
            'checkpoint.stored': { $add: ['$checkpoint.stored', settledLines] },
            'checkpoint.quarantined': quarantined,
            ...(withheld > 0 ? withheldCounts : {}),
          },
        },
      ],
      { updatePipeline: true },
    );
    await this.#model.updateOne(
      { ...settled, section: 'deleted' },
      { $set: { 'checkpoint.quarantined': quarantined, 'checkpoint.unreadableDeletions': quarantined + withheld } },
    );
    await this.#model.updateOne({ ...settled, section: 'error' }, { $set: { 'checkpoint.quarantined': quarantined } });
  }

  /** Makes the failed files of the current slice pending again. Their downloads resume at their checkpoints. */
  async retryFailed(record: SliceOfExport): Promise<number> {
    const pending = {
      $set: { state: 'pending' as const, attempts: 0 },
      $unset: { error: 1, completedAt: 1, linkRefreshedAtLine: 1, receivedCount: 1, cut: 1 },
    };
    const { modifiedCount } = await this.#model.updateMany({ ...inSlice(record), state: 'failed' as const }, pending);
    return modifiedCount;
  }

  /** Marks a file as failed. The export continues without it and reports it. */
  async fail(options: { readonly id: string; readonly error: ExportError; readonly now: Date }): Promise<void> {
    const { id, error, now } = options;
    await this.#claims.settleAll(
      { _id: id },
      { $set: { state: 'failed', error, completedAt: now }, $unset: { retrying: 1 } },
    );
  }

  /** Adds up the issues of the OperationOutcomes in an export's files, by severity and code. */
  async sumIssues(exportId: string): Promise<IssueCount[]> {
    const documents = await this.#model
      .find({ exportId, 'checkpoint.issues.0': { $exists: true } } as object, { checkpoint: 1 })
      .lean();
    const issues = documents.flatMap(({ checkpoint }) => checkpoint.issues);
    return sumIssues(issues.map(({ types: _, ...issue }) => issue));
  }

  /** Sums what the files of an export stored, by the types of their lines. */
  async sumByType(exportId: string) {
    const sums = sumsOf({ stored: countSchema, bytes: countSchema }, '$checkpoint');
    const rows = await this.#model.aggregate<{ readonly _id: string; readonly stored: number; readonly bytes: number }>(
      [{ $match: { exportId, section: 'output' } }, { $group: { _id: '$type', ...sums } }, { $sort: { _id: 1 } }],
    );
    return rows.map(({ _id, stored, bytes }) => ({ resourceType: _id, resources: stored, bytes }));
  }

  /** Adds up the counts of an export's ledger. */
  async sum(exportId: string): Promise<ExportCounts> {
    const [row] = await this.#model.aggregate<ExportCounts>([
      { $match: { exportId } },
      {
        $group: {
          _id: null,
          files: { $sum: 1 },
          filesCompleted: { $sum: { $cond: [{ $eq: ['$state', 'completed'] }, 1, 0] } },
          filesFailed: { $sum: { $cond: [{ $eq: ['$state', 'failed'] }, 1, 0] } },
          filesSkipped: { $sum: { $cond: [{ $eq: ['$state', 'skipped'] }, 1, 0] } },
          promised: { $sum: { $cond: [{ $eq: ['$section', 'output'] }, { $ifNull: ['$promisedCount', 0] }, 0] } },
          ...sumsOf({ ...lineCounts, bytes: countSchema }, '$checkpoint'),
        },
      },
      { $project: { _id: 0 } },
    ]);
    if (!row) return noCounts;
    const { withheld = 0, notAsked = 0, ...counts } = row;
    return { ...counts, ...(withheld > 0 ? { withheld } : {}), ...(notAsked > 0 ? { notAsked } : {}) };
  }

  #linkFields({ id, url, requiresAccessToken }: LinkedFile): LinkFields {
    return { requiresAccessToken, ...(requiresAccessToken ? { url } : { encryptedUrl: this.#links.encrypt(id, url) }) };
  }

  #toRecord(document: OutputFileDocument): OutputFile {
    const { _id, claim: _claim, encryptedUrl, url: plainUrl = '', ...fields } = document;
    const url = encryptedUrl === undefined ? plainUrl : this.#links.decrypt(_id, encryptedUrl).toString();
    return { id: _id, url, ...fields };
  }
}

export type SliceOfExport = Pick<BulkExport, 'id' | 'slice'>;

export type EarlierFiles = SliceOfExport & Pick<BulkExport, 'version'>;

/** The entries of the current slice of an export. `null` also matches entries without a slice. */
const inSlice = ({ id, slice }: SliceOfExport) => ({ exportId: id, slice: slice ?? null }) as object;

/** Those from manifests that were read before the export had this version. Also matches entries without a version. */
const earlier = ({ version, ...record }: EarlierFiles) => ({
  ...inSlice(record),
  exportVersion: { $not: { $gte: version } },
});
