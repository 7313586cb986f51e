import type { ExportError } from '@bulkhead/base';
import {
  type Claim,
  collectionOf,
  createClaims,
  createKeptOutTexts,
  duplicateInserts,
  FileNovelty,
  mongooseSchemaOf,
  type StoreContext,
  type Stored,
} from '@bulkhead/store';
import { z } from 'zod';
import { collections } from './collections.ts';
import {
  type DocumentNote,
  type DocumentProgress,
  type DocumentSkipReason,
  type DocumentState,
  type PatientDocument,
  patientDocumentSchema,
} from './patient-document.record.ts';

export const documentSchema = patientDocumentSchema.extend({
  /** Names the attempt that may write. Progress of other attempts is rejected. */
  claim: z.string().exactOptional(),
  /** Since when its resource is known to lack this attachment. */
  unreferencedSince: z.date().exactOptional(),
});
type PatientDocumentDocument = Stored<typeof documentSchema>;

export interface DocumentFilter {
  readonly connectionId: string;
  readonly 'resource.type'?: string;
  readonly 'resource.id'?: string;
  readonly patientId?: string;
  readonly state?: DocumentState;
}

/** The filters whose documents an index contains without others. */
const countable = ['connectionId', 'connectionId,patientId', 'connectionId,resource.id'];

interface StoredAttachments {
  readonly connectionId: string;
  readonly resources: readonly { readonly id: string }[];
}

type FailedDocument = Pick<PatientDocument, 'connectionId' | 'completedAt' | 'error'>;

const unsettled: DocumentState[] = ['pending', 'downloading'];

const schema = mongooseSchemaOf(documentSchema, {
  collection: collections.documents,
  minimize: false,
  suppressReservedKeysWarning: true,
});
// The sweep queries by state, and readers by connection and optionally by patient or resource.
schema.index({ state: 1, _id: 1 });
schema.index({ connectionId: 1, _id: 1 });
schema.index({ connectionId: 1, patientId: 1, _id: 1 });
schema.index({ connectionId: 1, 'resource.id': 1, _id: 1 });
// Monitoring reads the failures of the last day.
schema.index({ state: 1, completedAt: 1 });
// Before a content or an upload is removed, a query looks for its documents.
schema.index({ connectionId: 1, sha256: 1 });
/** By the URL of the attachment, for readers that follow it. */
schema.index({ connectionId: 1, url: 1 });
schema.index({ 'progress.upload': 1 }, { sparse: true });
// The page of an export counts its failures.
schema.index({ exportId: 1, state: 1 });

/** Makes the record of an attachment from the stored version of its resource. Undefined if that version has no such attachment. */
export type ReadStored = (document: PatientDocument) => Promise<PatientDocument | undefined>;

/** The states in which a download ends. */
export type SettledState = Extract<DocumentState, 'stored' | 'skipped' | 'failed'>;

/** `documents`: one record for each attachment of a resource. */
export class DocumentRepository {
  readonly #gate;
  readonly #model;
  readonly #claims;
  readonly #keptOutTexts;
  readonly #onSettled;

  constructor(
    options: Omit<StoreContext, 'secretBox'> & {
      /** Told about each document that `store`, `skip` or `fail` settles. */
      readonly onSettled?: ((state: SettledState) => void) | undefined;
    },
  ) {
    const { database, gate, onSettled } = options;
    this.#gate = gate;
    this.#onSettled = onSettled;
    this.#model = database.model('PatientDocument', schema);
    const place = { database, collection: collections.documents };
    this.#claims = createClaims<PatientDocumentDocument>({ ...place, running: 'downloading', unsettled });
    this.#keptOutTexts = createKeptOutTexts({ ...place, gate, schema: documentSchema });
  }

  /**
   * Adds documents that are not stored yet, and makes those pending again whose attachment is another one in the stored version of their
   * resource. Which version is stored was decided when it was written.
   * @param options.readStored not called for new documents. If a later version was written meanwhile, its writer notes it afterwards.
   * Default: the documents are those of the stored versions
   * @param options.file what the earlier batches of the same file have shown
   * @returns the ids of the documents that are now pending
   */
  async note(
    documents: readonly PatientDocument[],
    options: { readonly readStored?: ReadStored; readonly file?: FileNovelty<StoredVersion> | undefined } = {},
  ): Promise<string[]> {
    const { readStored = async (document) => document, file = new FileNovelty<StoredVersion>() } = options;
    const [first] = documents;
    return first ? this.#gate.admit(first.connectionId, () => this.#noteAll(documents, { readStored, file })) : [];
  }

  async find(id: string): Promise<PatientDocument | undefined> {
    const document = await this.#model.findById(id).lean();
    return document ? toRecord(document) : undefined;
  }

  /** Finds the documents of an attachment by the spellings of its URL, those whose content is stored first. */
  async findByUrl(options: { readonly connectionId: string; readonly urls: readonly string[] }) {
    const { connectionId, urls } = options;
    // More resources than these do not share an attachment.
    const documents = await this.#model
      .find({ connectionId, url: { $in: [...urls] } })
      .limit(100)
      .lean();
    return documents.map(toRecord).toSorted((left, right) => rankOf(left) - rankOf(right));
  }

  /** The attachments of resources whose content is stored. */
  async listStored({ connectionId, resources }: StoredAttachments) {
    const ids = resources.map(({ id }) => id);
    const documents = await this.#model
      .find({ connectionId, 'resource.id': { $in: ids }, state: 'stored' }, { resource: 1, index: 1, url: 1 })
      .lean();
    return documents.map(({ _id: id, resource, index, url }) => ({ id, resource, index, url }));
  }

  /** Whether a document, other than these, has the content with this hash. */
  async isContentUsed(content: {
    readonly connectionId: string;
    readonly sha256: string;
    readonly except: readonly string[];
  }): Promise<boolean> {
    const { connectionId, sha256, except } = content;
    return (await this.#model.exists({ connectionId, sha256, _id: { $nin: [...except] } })) !== null;
  }

  /** Lists documents in the order of ids. @param options.after the last id of the previous page */
  async list(options: {
    readonly filter: DocumentFilter;
    readonly limit: number;
    readonly after?: string | undefined;
  }): Promise<PatientDocument[]> {
    const { filter, limit, after } = options;
    const page = after === undefined ? {} : { _id: { $gt: after } };
    const documents = await this.#model
      .find({ ...filter, ...page } as object)
      .sort({ _id: 1 })
      .limit(limit)
      .lean();
    return documents.map(toRecord);
  }

  /** @returns the number of documents, at most `limit`, or undefined if no index can count them */
  async count({
    filter,
    limit,
  }: {
    readonly filter: DocumentFilter;
    readonly limit: number;
  }): Promise<number | undefined> {
    const isCounted = countable.includes(Object.keys(filter).toSorted().join());
    return isCounted ? this.#model.countDocuments(filter as object, { limit }) : undefined;
  }

  /** Lists started documents first, so that they do not wait behind a million new ones. */
  async listUnsettledIds(limit: number): Promise<string[]> {
    const ids: string[] = [];
    for (const state of ['downloading', 'pending'] as const) {
      if (ids.length >= limit) break;
      const page = await this.#model
        .find({ state }, { _id: 1 })
        .sort({ _id: 1 })
        .limit(limit - ids.length)
        .lean();
      ids.push(...page.map(({ _id }) => _id));
    }
    return ids;
  }

  /** Lists the documents that have failed since `since`, the last failure first. It reads at most `limit` records. */
  async listFailed({ since, limit }: { readonly since: Date; readonly limit: number }): Promise<FailedDocument[]> {
    const failed = { state: 'failed' as const, completedAt: { $gte: since } };
    const fields = { _id: 0, connectionId: 1, completedAt: 1, error: 1 } as const;
    return this.#model.find(failed, fields).sort({ completedAt: -1 }).limit(limit).lean();
  }

  /** Counts the documents of an export that have failed, at most `limit`. */
  countFailedOf({ exportId, limit }: { readonly exportId: string; readonly limit: number }): Promise<number> {
    return this.#model.countDocuments({ exportId, state: 'failed' }, { limit });
  }

  /** Makes `claim` the only attempt that may write. @returns undefined if the document is settled */
  async claim(claim: Claim, now: Date): Promise<PatientDocument | undefined> {
    const document = await this.#claims.take(claim, { $set: { startedAt: now } });
    return document && toRecord(document);
  }

  isHeld(claim: Claim): Promise<boolean> {
    return this.#claims.isHeld(claim);
  }

  /**
   * @param progress undefined if the download restarts
   * @returns false if another attempt has taken over. Then this attempt must stop
   */
  saveProgress(claim: Claim, progress: DocumentProgress | undefined): Promise<boolean> {
    return this.#claims.update(claim, progress ? { $set: { progress } } : { $unset: { progress: 1 } });
  }

  async store(
    claim: Claim,
    stored: {
      readonly sha256: string;
      readonly sizeBytes: number;
      readonly storedType: string;
      readonly notes: readonly DocumentNote[];
      readonly now: Date;
    },
  ): Promise<boolean> {
    const { now, notes, ...fields } = stored;
    const change = { ...fields, notes: [...notes], state: 'stored' as const, completedAt: now };
    const unset = { claim: 1, progress: 1, error: 1, reason: 1 } as const;
    return this.#noteSettled('stored', await this.#claims.update(claim, { $set: change, $unset: unset }));
  }

  async skip(
    claim: Claim,
    { reason, now }: { readonly reason: DocumentSkipReason; readonly now: Date },
  ): Promise<boolean> {
    const change = { state: 'skipped' as const, reason, completedAt: now };
    const unset = { claim: 1, progress: 1, error: 1 } as const;
    return this.#noteSettled('skipped', await this.#claims.update(claim, { $set: change, $unset: unset }));
  }

  /** Marks a document as failed, whichever attempt holds it. @returns false if it is settled */
  async fail(options: { readonly id: string; readonly error: ExportError; readonly now: Date }): Promise<boolean> {
    const { id, error, now } = options;
    const settled = await this.#claims.settleAll({ _id: id }, { $set: { state: 'failed', error, completedAt: now } });
    const document = await this.find(id);
    if (document) await this.#keptOutTexts.forget(document.connectionId, { _id: id, state: 'failed' });
    return this.#noteSettled('failed', settled === 1);
  }

  #noteSettled(state: SettledState, isOurs: boolean): boolean {
    if (isOurs) this.#onSettled?.(state);
    return isOurs;
  }

  /** Fails all documents of a connection that are not settled. Running downloads stop at their next part. */
  async cancelUnsettled({ connectionId, now }: { readonly connectionId: string; readonly now: Date }): Promise<void> {
    await this.#claims.settleAll({ connectionId }, { $set: { state: 'failed', completedAt: now } });
  }

  /** Makes a failed or skipped document pending. @returns false if it is neither */
  async retry(id: string): Promise<boolean> {
    const { matchedCount } = await this.#model.updateOne({ _id: id, state: { $in: ['failed', 'skipped'] } }, restart);
    return matchedCount === 1;
  }

  /** Makes the documents pending that were skipped for a reason that no longer applies. */
  async retrySkipped(reason: DocumentSkipReason): Promise<number> {
    return (await this.#model.updateMany({ state: 'skipped', reason }, restart)).modifiedCount;
  }

  /** Inserts documents with one command. @returns those that no other process has inserted meanwhile */
  async #noteAll(
    documents: readonly PatientDocument[],
    { readStored, file }: { readonly readStored: ReadStored; readonly file: FileNovelty<StoredVersion> },
  ): Promise<string[]> {
    const byId = await file.readUnlessNew(() => this.#findVersions(documents));
    // A batch can contain several versions of a resource. The later ones are compared with the first one.
    const firsts = new Map(documents.toReversed().map((document) => [document.id, document]));
    const missing = documents.filter((document) => !byId.has(document.id) && firsts.get(document.id) === document);
    const inserted = await this.#insertAll(missing);
    if (inserted.size < missing.length) file.noteStored();
    const noted = new Set<string>();
    for (const document of documents) {
      const { state } = inserted.has(document)
        ? document
        : ((await this.#noteOne(document, { readStored, known: byId.get(document.id) })) ?? {});
      if (state === 'pending') noted.add(document.id);
    }
    return [...noted];
  }

  async #insertAll(documents: readonly PatientDocument[]): Promise<ReadonlySet<PatientDocument>> {
    if (documents.length === 0) return new Set();
    const records = documents.map(({ id, ...fields }) => ({ _id: id, ...fields }));
    const lost: ReadonlySet<number> = await collectionOf(this.#model)
      .insertMany(records, { ordered: false })
      .then(() => new Set(), duplicateInserts);
    return new Set(documents.filter((_, index) => !lost.has(index)));
  }

  /** @returns the document, if it was stored */
  async #noteOne(
    document: PatientDocument,
    { readStored, known }: { readonly readStored: ReadStored; readonly known: StoredVersion | undefined },
  ): Promise<PatientDocument | undefined> {
    for (let stored = known; ; stored = await this.#findVersion(document.id)) {
      if (!stored) {
        if ((await this.#insertAll([document])).size > 0) return document;
        continue;
      }
      // Read after `stored`. So if another process writes the resource meanwhile, one of the two does not find `stored`, and reads again.
      const current = document.fingerprint === stored.fingerprint ? document : await readStored(document);
      if (!current) return undefined;
      if (current.fingerprint !== stored.fingerprint) {
        if (await this.#replace(current, stored)) return current;
        continue;
      }
      if (!stored.unreferencedSince || (await this.#markReferenced(document.id))) return undefined;
    }
  }

  async #findVersions(documents: readonly PatientDocument[]): Promise<ReadonlyMap<string, StoredVersion>> {
    const versions = await this.#model
      .find({ _id: { $in: documents.map(({ id }) => id) } }, versionFields)
      // So that one answer has all. By default the first answer has 101 documents, and a full answer needs a second one to end.
      .batchSize(documents.length + 1)
      .lean();
    return new Map(versions.map((version) => [version._id, version]));
  }

  async #findVersion(id: string): Promise<StoredVersion | undefined> {
    return (await this.#model.findById(id, versionFields).lean()) ?? undefined;
  }

  /** Marks a document as referenced again. @returns false if it was deleted meanwhile */
  async #markReferenced(id: string): Promise<boolean> {
    return (await this.#model.updateOne({ _id: id }, { $unset: { unreferencedSince: 1 } })).matchedCount === 1;
  }

  async #replace(document: PatientDocument, stored: StoredVersion): Promise<boolean> {
    const { id, createdAt: _, ...fields } = document;
    // Keep `progress`. It names the parts of the former content, which the next attempt removes.
    const former = [
      'unreferencedSince',
      'reason',
      'claim',
      'sha256',
      'sizeBytes',
      'storedType',
      'error',
      'startedAt',
      'completedAt',
    ];
    const optional = ['exportId', 'url', 'contentType', 'title', 'declaredSize', 'declaredHash', 'patientId'];
    const unusedFields = [...former, ...optional].filter((name) => !(name in fields));
    const { fingerprint, resourceRevision = { $exists: false } } = stored;
    const { matchedCount } = await collectionOf(this.#model).updateOne(
      { _id: id, fingerprint, resourceRevision },
      { $set: fields, $unset: Object.fromEntries(unusedFields.map((name) => [name, 1])) },
    );
    return matchedCount === 1;
  }
}

/** The fields of a stored document that are compared. */
export type StoredVersion = Pick<PatientDocumentDocument, 'fingerprint' | 'resourceRevision' | 'unreferencedSince'>;
const versionFields = { fingerprint: 1, resourceRevision: 1, unreferencedSince: 1 } as const;

function rankOf({ state }: PatientDocument): number {
  return state === 'stored' ? 0 : 1;
}

const restart = {
  $set: { state: 'pending' as const, attempts: 0 },
  $unset: { error: 1, reason: 1, completedAt: 1, claim: 1 },
} as const;

function toRecord({
  _id,
  claim: _claim,
  unreferencedSince: _since,
  ...fields
}: PatientDocumentDocument): PatientDocument {
  return { id: _id, ...fields };
}
