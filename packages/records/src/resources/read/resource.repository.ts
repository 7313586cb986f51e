import { readAttachments } from '@bulkhead/fhir';
import { type Database, maxWriteMs, type Named, type PatientOfConnection } from '@bulkhead/store';
import { decodeExactNumbers, type NumberText } from '@bulkhead/store/bson';
import type mongoose from 'mongoose';
import { findOfPatient } from '../erase/patient-resources.ts';
import { listResourceTypes, listTypesOf, type resourceIndexes } from '../resource-collections.ts';
import { notErased, wholeSecond } from '../version/changed-since.ts';
import { decodeDocument as decode } from '../version/document-lines.ts';
import type { ResourceDocument, SourcedVersion } from '../version/resource-document.ts';
import { compareVersions } from '../version/resource-version.ts';
import { readVersions } from '../write/resource.writer.ts';
import { ReplyLimit } from './reply-limit.ts';
import { aboutCondition, aboutOnlyCondition, type ResourceTypeReference, recordCondition } from './resource-query.ts';
import { batchSize, pageTimeMs } from './resource-search.repository.ts';

/** The stored version of a resource. */
interface StoredVersion {
  readonly deleted: boolean;
  readonly resource: unknown;
  /** That of the EHR, or a hash of the content if it gives none. */
  readonly versionId: string;
  /** The version id, with a hash of the content if the EHR has given the id to an earlier version, as after a restored backup. */
  readonly tag: string;
  readonly lastUpdated: Date;
  /** When it was stored, to the second. */
  readonly changedAt: Date;
}

interface StoredContent extends Named, Pick<ResourceDocument, 'versionId' | 'contentHash' | 'lastUpdated'> {
  readonly deleted: boolean;
  readonly changedAt: mongoose.mongo.Timestamp;
  readonly erased?: true;
  readonly resource: unknown;
  readonly numberTexts?: NumberText[];
  readonly earlier?: readonly Pick<SourcedVersion, 'versionId'>[];
}

/** Current resources that exports of a level have stored. */
interface Exported {
  readonly connectionId: string;
  readonly resourceType: string;
  readonly level: string;
  /** Only those that were last observed before this time. */
  readonly before?: Date;
  /** Only those that were last observed after this time. */
  readonly after?: Date;
  /** Only those in the records of these patients. */
  readonly patients?: readonly string[];
  /** Only those that are about some of these patients and about no others. */
  readonly aboutOnly?: readonly string[];
}

interface StoredWithAttachments extends Named {
  readonly deleted: boolean;
  readonly subsetted: boolean;
  readonly resource?: object;
}

/** Reads stored resources by their ids, and what is stored of a connection. Each resource type has a collection of the same name. */
export class ResourceRepository {
  readonly #database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Finds the documents of one type whose stored version is newer or more complete. */
  async findStale(
    resourceType: string,
    documents: readonly ResourceDocument[],
  ): Promise<ReadonlySet<ResourceDocument>> {
    const stored = await readVersions(this.#database.collection(resourceType), documents);
    const isStale = (document: ResourceDocument): boolean => {
      const version = stored.get(document._id);
      return version !== undefined && compareVersions(document, version) === 'older';
    };
    return new Set(documents.filter(isStale));
  }

  /** @returns the `_id`s of those of which a version with content is stored */
  async findStored(resourceType: string, documents: readonly ResourceDocument[]): Promise<ReadonlySet<string>> {
    const stored = await readVersions(this.#database.collection(resourceType), documents);
    return new Set([...stored.values()].filter(({ deleted }) => !deleted).map(({ _id }) => _id));
  }

  /** Reads the stored version of a resource as received. `deleted` is true if there is a tombstone instead. An erased resource is not found. */
  async read(reference: {
    readonly connectionId: string;
    readonly resourceType: string;
    readonly resourceId: string;
  }): Promise<StoredVersion | undefined> {
    const { connectionId, resourceType, resourceId } = reference;
    const document = await this.#database.collection<StoredContent>(resourceType).findOne(
      { _id: `${connectionId}/${resourceId}` },
      {
        projection: {
          _id: 0,
          deleted: 1,
          erased: 1,
          resource: 1,
          numberTexts: 1,
          versionId: 1,
          contentHash: 1,
          lastUpdated: 1,
          changedAt: 1,
          'earlier.versionId': 1,
        },
      },
    );
    if (!document || document.erased) return undefined;
    const { deleted, resource, numberTexts, versionId, contentHash, lastUpdated, changedAt, earlier = [] } = document;
    const wasUsed = versionId !== undefined && earlier.some((version) => version.versionId === versionId);
    return {
      deleted,
      resource: decodeExactNumbers(resource, numberTexts),
      lastUpdated,
      changedAt: wholeSecond(changedAt.getHighBitsUnsigned() * 1000),
      versionId: versionId ?? contentHash,
      tag: wasUsed ? `${versionId}-${contentHash.slice(0, 12)}` : (versionId ?? contentHash),
    };
  }

  /**
   * Lists a resource again to those who read changes, because what is shown of it has changed without a new version: the content of an
   * attachment is stored now.
   */
  async markChanged(reference: {
    readonly connectionId: string;
    readonly resourceType: string;
    readonly resourceId: string;
  }): Promise<void> {
    const { connectionId, resourceType, resourceId } = reference;
    await this.#database
      .collection(resourceType)
      .updateOne(
        { _id: `${connectionId}/${resourceId}`, deleted: false } as object,
        { $currentDate: { changedAt: { $type: 'timestamp' } } },
        { maxTimeMS: maxWriteMs },
      );
  }

  /** Reads the document of a resource, with its revision. */
  async readDocument(reference: {
    readonly connectionId: string;
    readonly resourceType: string;
    readonly resourceId: string;
  }): Promise<(ResourceDocument & { readonly revision: number }) | undefined> {
    const { connectionId, resourceType, resourceId } = reference;
    const collection = this.#database.collection<ResourceDocument & { readonly revision: number }>(resourceType);
    return (await collection.findOne({ _id: `${connectionId}/${resourceId}` })) ?? undefined;
  }

  /**
   * Finds which of these resources were ever stored. @returns their ids, and whether each is a tombstone or the entry of an erasure by now
   */
  async findKnown(options: ResourceTypeReference & { readonly ids: readonly string[] }) {
    const { connectionId, resourceType, ids } = options;
    const documents = await this.#database
      .collection<Named & { readonly resourceId: string; readonly deleted: boolean }>(resourceType)
      .find(
        { _id: { $in: ids.map((id) => `${connectionId}/${id}`) } },
        { projection: { _id: 0, resourceId: 1, deleted: 1 }, maxTimeMS: pageTimeMs },
      )
      .toArray();
    return new Map(documents.map(({ resourceId, deleted }) => [resourceId, { deleted }]));
  }

  /** Reads current resources by their ids, in no order. */
  findByIds(options: ResourceTypeReference & { readonly ids: readonly string[]; readonly signal?: AbortSignal }) {
    const { connectionId, ids } = options;
    return this.#readContents({
      ...options,
      filter: { _id: { $in: ids.map((id) => `${connectionId}/${id}`) }, deleted: false },
    });
  }

  /** Reads current resources by one of the values of a key, in no order. */
  findByKey(
    options: ResourceTypeReference & {
      readonly key: 'patient' | 'tokens';
      readonly values: readonly string[];
      readonly limit: number;
      readonly signal?: AbortSignal;
    },
  ) {
    const { connectionId, key, values } = options;
    const hint: keyof typeof resourceIndexes = key === 'patient' ? 'by-patient-and-date' : 'by-token';
    const condition = key === 'patient' ? aboutCondition(values) : { 'keys.tokens': { $in: values } };
    return this.#readContents({ ...options, filter: { connectionId, ...condition }, hint });
  }

  async *#readContents(options: {
    readonly resourceType: string;
    readonly filter: object;
    readonly hint?: string;
    readonly limit?: number;
    readonly signal?: AbortSignal;
  }): AsyncGenerator<unknown> {
    const { resourceType, filter, hint, limit = 0 } = options;
    const replies = new ReplyLimit(options);
    const contents = this.#database.collection<StoredContent>(resourceType).find(filter, {
      projection: { _id: 0, resource: 1, numberTexts: 1 },
      limit,
      batchSize,
      maxTimeMS: pageTimeMs,
      signal: replies.signal,
      ...(hint === undefined ? {} : { hint }),
    });
    for await (const content of replies.read(contents)) yield decode(content);
  }

  /** Reads the source of the stored version of a resource, followed by those of earlier versions. Empty if nothing is stored. */
  async readSources(reference: {
    readonly connectionId: string;
    readonly resourceType: string;
    readonly resourceId: string;
  }): Promise<readonly SourcedVersion[]> {
    const { connectionId, resourceType, resourceId } = reference;
    const projection = { _id: 0, versionId: 1, lastUpdated: 1, deleted: 1, source: 1, storedAt: 1, earlier: 1 };
    const document = await this.#database
      .collection<SourcedVersion & Named & { readonly earlier?: readonly SourcedVersion[]; readonly erased?: true }>(
        resourceType,
      )
      .findOne({ _id: `${connectionId}/${resourceId}`, ...notErased }, { projection });
    if (!document) return [];
    const { earlier = [], ...current } = document;
    return [current, ...earlier];
  }

  /**
   * Reads which attachments the stored versions of resources have: their indexes, or `unknown` for an incomplete copy. Resources that are
   * deleted or not stored are left out.
   * @param options.ids `<connectionId>/<resource id>`
   */
  async *readAttachments({ type, ids }: { readonly type: string; readonly ids: readonly string[] }) {
    const found = this.#database
      .collection<StoredWithAttachments>(type)
      .find({ _id: { $in: [...ids] } }, { projection: { deleted: 1, subsetted: 1, resource: 1 }, batchSize });
    for await (const { _id: id, deleted, subsetted, resource } of found) {
      if (deleted || !resource) continue;
      const indexes = subsetted ? ('unknown' as const) : new Set(readAttachments(resource).map(({ index }) => index));
      yield { id, indexes };
    }
  }

  /** Lists the ids of the resources of a type that are in a patient's compartment. */
  async listOfPatient(patient: PatientOfConnection & { readonly resourceType: string }): Promise<string[]> {
    const ids: string[] = [];
    for await (const page of findOfPatient(this.#database, patient))
      ids.push(...page.map(({ resourceId }) => resourceId));
    return ids;
  }

  /** Lists the sorted ids of the current resources of a connection and type. */
  async listIds(reference: { readonly connectionId: string; readonly resourceType: string }): Promise<string[]> {
    const { connectionId, resourceType } = reference;
    const documents = await this.#database
      .collection(resourceType)
      .find({ connectionId, deleted: false }, { projection: { _id: 0, resourceId: 1 } })
      .toArray();
    return documents.map(({ resourceId }) => resourceId as string).toSorted();
  }

  /** Finds the ids of current resources that exports of a level have stored, at most `limit`. */
  async findExported({ limit, ...of }: Exported & { readonly limit: number }): Promise<string[]> {
    const found = await this.#database
      .collection(of.resourceType)
      .find(exportedFilter(of), { projection: { _id: 0, resourceId: 1 } })
      .limit(limit)
      .toArray();
    return found.map(({ resourceId }) => resourceId as string);
  }

  /** Counts what `findExported` finds. */
  countExported(of: Exported): Promise<number> {
    return this.#database.collection(of.resourceType).countDocuments(exportedFilter(of));
  }

  /**
   * Finds the patients of whom exports of a level have stored something, apart from one export: their Patient, or a resource of a type.
   * @param options.patients among these
   * @returns the others of these
   */
  async findUnknownAt(options: {
    readonly connectionId: string;
    readonly resourceType: string;
    readonly level: string;
    readonly patients: readonly string[];
    /** The id of the export that does not count. */
    readonly except: string;
  }): Promise<string[]> {
    const { connectionId, resourceType, level, patients, except } = options;
    const ofOther = { 'source.level': level, 'source.exportId': { $ne: except } };
    const ofLevel = { $or: [ofOther, { earlier: { $elemMatch: ofOther } }] };
    const known = await this.#database
      .collection<Named & { readonly resourceId: string }>('Patient')
      .find(
        { _id: { $in: patients.map((id) => `${connectionId}/${id}`) }, ...ofLevel },
        { projection: { resourceId: 1 } },
      )
      .map(({ resourceId }) => resourceId)
      .toArray();
    const others = patients.filter((id) => !known.includes(id));
    if (resourceType === 'Patient') return others;
    const unknown: string[] = [];
    for (const patient of others) {
      const filter = { connectionId, 'keys.patient': patient, ...ofLevel };
      const found = await this.#database.collection(resourceType).findOne(filter, { projection: { _id: 1 } });
      if (!found) unknown.push(patient);
    }
    return unknown;
  }

  /** Finds Patients that exports of a level have stored, and that none of them has contained since a time. @returns at most `limit` ids */
  async findPatientsUnseen(options: {
    readonly connectionId: string;
    readonly level: string;
    readonly since: Date;
    readonly limit: number;
  }): Promise<string[]> {
    const { connectionId, level, since, limit } = options;
    const ofLevel = { $or: [{ 'source.level': level }, { 'earlier.source.level': level }] };
    const filter = { connectionId, deleted: false, observedAt: { $lt: since }, ...ofLevel, ...notErased };
    const found = await this.#database
      .collection('Patient')
      .find(filter, { projection: { _id: 0, resourceId: 1 } })
      .limit(limit)
      .toArray();
    return found.map(({ resourceId }) => resourceId as string);
  }

  /** The ids of any current resources of a connection and type. */
  async findAnyIds(reference: {
    readonly connectionId: string;
    readonly resourceType: string;
    readonly limit: number;
  }): Promise<string[]> {
    const { connectionId, resourceType, limit } = reference;
    const documents = await this.#database
      .collection(resourceType)
      .find({ connectionId, deleted: false }, { projection: { _id: 0, resourceId: 1 }, hint: 'by-last-updated', limit })
      .toArray();
    return documents.map(({ resourceId }) => String(resourceId));
  }

  /** The types of which a resource, a tombstone or the entry of an erasure of the connection is, or was, stored. One read. */
  listStoredTypes(connectionId: string): Promise<string[]> {
    return listTypesOf(this.#database, connectionId);
  }

  /**
   * Whether a resource or a tombstone of one of the patients is stored. One read by an index for each type.
   * @param options.except the id of an export: what only that has stored does not count
   */
  async hasOfPatients(options: {
    readonly connectionId: string;
    readonly patients: readonly string[];
    readonly except: string;
  }) {
    const { connectionId, patients, except } = options;
    const isOfOther = { $or: [{ 'source.exportId': { $ne: except } }, { 'earlier.0': { $exists: true } }] };
    const filter = { connectionId, 'keys.patient': { $in: [...patients] }, ...isOfOther };
    for (const type of await listResourceTypes(this.#database))
      if (await this.#database.collection(type).findOne(filter, { projection: { _id: 1 } })) return true;
    return false;
  }

  /** Counts the current resources of a type. */
  count({
    connectionId,
    resourceType,
  }: {
    readonly connectionId: string;
    readonly resourceType: string;
  }): Promise<number> {
    return this.#database.collection(resourceType).countDocuments({ connectionId, deleted: false });
  }

  /** Counts the current resources of a connection by type. Types without resources are left out. */
  async countByType(connectionId: string): Promise<Readonly<Record<string, number>>> {
    const counts: Record<string, number> = {};
    for (const type of await listResourceTypes(this.#database)) {
      const count = await this.#database.collection(type).countDocuments({ connectionId, deleted: false });
      if (count > 0) counts[type] = count;
    }
    return counts;
  }
}

function exportedFilter({ connectionId, level, before, after, patients, aboutOnly }: Exported) {
  return {
    connectionId,
    deleted: false,
    ...(before ? { observedAt: { $lt: before } } : {}),
    ...(after ? { observedAt: { $gt: after } } : {}),
    ...(patients ? recordCondition(patients) : {}),
    ...(aboutOnly ? aboutOnlyCondition(aboutOnly) : {}),
    'source.level': level,
    ...notErased,
  };
}
