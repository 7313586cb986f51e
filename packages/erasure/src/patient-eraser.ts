import type { DocumentContentRepository, StoredParts } from '@bulkhead/documents';
import {
  allPatientsOf,
  maxListedPatients,
  mentionsPatient,
  type Resource,
  readAttachments,
  referencedId,
  typesWithAttachments,
} from '@bulkhead/fhir';
import type { QuarantineRepository } from '@bulkhead/quarantine';
import { listResourceTypes } from '@bulkhead/resources';
import type { Connection as Database } from 'mongoose';
import { batchSize, type Named, toBatches } from './batches.ts';
import { type DataAmounts, sumBytes, withoutZeros } from './erasure.record.ts';
import { forgetTexts } from './forget-texts.ts';

export interface PatientOfConnection {
  readonly connectionId: string;
  readonly patientId: string;
}

export interface Pass extends PatientOfConnection {
  readonly signal: AbortSignal;
  /** Binaries and documents that earlier passes have found. */
  readonly binaryIds: readonly string[];
  readonly documentIds: readonly string[];
  /** Called with the ids of documents of the patient before they are deleted. */
  readonly onDocuments: (ids: readonly string[]) => Promise<void>;
  /** Called with the ids of Binaries of the patient before they are deleted. */
  readonly onBinaries: (ids: readonly string[]) => Promise<void>;
  readonly onDeleted: (amounts: DataAmounts) => Promise<void>;
}

interface StoredResource extends Named {
  readonly resourceId: string;
  readonly keys?: { readonly patient?: string | readonly string[] };
  readonly resource?: Resource;
}

interface StoredDocument extends Named {
  readonly sha256?: string;
  readonly progress?: StoredParts;
}

interface Step extends Named {
  readonly patientIds: readonly string[];
}

/** Replaces the id of the patient in the records of runs, which are kept. */
const erasedPatient = 'erased';
/** Resources of these types can have more patients than their keys list. They are found by reading the whole resource. */
const typesOfManyPatients = ['Group', 'AuditEvent', 'Provenance'];
const unsettled = ['pending', 'running'];

/**
 * Counts and deletes the stored data of one patient: the Patient and the resources in its compartment (FHIR R4), their documents,
 * contents that no other document uses, quarantined lines that mention the patient, and the crawl mark. Records of runs are kept, but
 * without the id of the patient.
 */
export function createPatientEraser(options: {
  readonly database: Database;
  readonly quarantine: QuarantineRepository;
  readonly contents: DocumentContentRepository;
}) {
  const { database, quarantine, contents } = options;
  const collection = <Record extends Named>(name: string) => database.collection<Record>(name);

  /** The resources of a type that are in the patient's compartment, in batches. */
  async function* findResources(type: string, { connectionId, patientId }: PatientOfConnection) {
    const hasContent = typesWithAttachments.includes(type);
    const projection = { resourceId: 1, 'keys.patient': 1, ...(hasContent ? { resource: 1 } : {}) };
    const patientFilters = type === 'Patient' ? [{ _id: `${connectionId}/${patientId}` }] : [];
    for (const filter of [{ connectionId, 'keys.patient': patientId }, ...patientFilters]) {
      const cursor = collection<StoredResource>(type).find(filter as never, { projection, batchSize: 125 });
      yield* pages(cursor as AsyncIterable<StoredResource>);
    }
    if (!typesOfManyPatients.includes(type)) return;
    const crowded = { connectionId, [`keys.patient.${maxListedPatients - 1}`]: { $exists: true } };
    const resources: StoredResource[] = [];
    const cursor = collection<StoredResource>(type).find(crowded as never, {
      projection: { ...projection, resource: 1 },
      batchSize: 1,
    });
    for await (const { resource, ...stored } of cursor as AsyncIterable<StoredResource>) {
      if (resource && allPatientsOf(resource).includes(patientId)) resources.push(stored);
    }
    yield* pages(resources);
  }

  /** The Binaries that contain the attachments of these resources. A Binary itself does not say whose data it contains. */
  const binariesOf = (resources: readonly StoredResource[]): string[] =>
    resources.flatMap(({ resource }) =>
      // A URL may have a query, such as a version or a token.
      readAttachments(resource ?? {}).flatMap(({ url }) => referencedId(url?.split(/[?#]/)[0], 'Binary') ?? []),
    );

  const documentsOf = (filter: object) =>
    pages(
      collection<StoredDocument>('documents').find(filter as never, {
        projection: { sha256: 1, progress: 1 },
      }) as AsyncIterable<StoredDocument>,
    );

  /** The contents of these documents that no other document uses. */
  const contentsOnlyOf = async (connectionId: string, documents: readonly StoredDocument[]) => {
    const ids = documents.map(({ _id }) => _id);
    const hashes = new Set(documents.flatMap(({ sha256 }) => sha256 ?? []));
    const contents: (Named & StoredParts & { readonly sizeBytes: number })[] = [];
    for (const sha256 of hashes) {
      const otherDocument = { connectionId, sha256, _id: { $nin: ids } };
      if (await collection('documents').findOne(otherDocument as never)) continue;
      const content = await collection<(typeof contents)[number]>('document_contents').findOne({
        _id: `${connectionId}/${sha256}`,
      });
      if (content) contents.push(content as (typeof contents)[number]);
    }
    return contents;
  };

  /** Deletes a content before the documents that refer to it, so that a crash in between leaves no content without a document. */
  const deleteDocuments = async (filter: object, pass: Pass): Promise<number> => {
    const { connectionId, signal, onDocuments, onDeleted } = pass;
    let deleted = 0;
    for await (const page of documentsOf(filter)) {
      signal.throwIfAborted();
      await onDocuments(page.map(({ _id }) => _id));
      const only = await contentsOnlyOf(connectionId, page);
      for (const content of only) {
        await contents.removeFiles(content);
        await collection('document_contents').deleteOne({ _id: content._id });
      }
      for (const { progress } of page) if (progress) await contents.remove(progress);
      const { deletedCount } = await collection('documents').deleteMany({ _id: { $in: page.map(({ _id }) => _id) } });
      deleted += deletedCount;
      await onDeleted({
        resources: {},
        records: { documents: deletedCount, documentContents: only.length },
        contentBytes: sumBytes(only),
      });
    }
    return deleted;
  };

  const deleteBinaries = async ({ connectionId, onDeleted }: Pass, ids: readonly string[]): Promise<number> => {
    let deleted = 0;
    for (const batch of toBatches(ids)) {
      const { deletedCount } = await collection('Binary').deleteMany({
        _id: { $in: batch.map((id) => `${connectionId}/${id}`) },
      });
      if (deletedCount === 0) continue;
      deleted += deletedCount;
      await onDeleted({ resources: { Binary: deletedCount }, records: {}, contentBytes: 0 });
    }
    return deleted;
  };

  const deleteResources = async (pass: Pass): Promise<number> => {
    const { connectionId, signal, onBinaries, onDeleted } = pass;
    let deleted = 0;
    for (const type of await listResourceTypes(database)) {
      for await (const page of findResources(type, pass)) {
        signal.throwIfAborted();
        // A resource is deleted last, because its documents and Binaries are found through it.
        const ids = page.map(({ resourceId }) => resourceId);
        deleted += await deleteDocuments({ connectionId, 'resource.id': { $in: ids }, 'resource.type': type }, pass);
        const binaryIds = binariesOf(page);
        if (binaryIds.length > 0) await onBinaries(binaryIds);
        deleted += await deleteBinaries(pass, binaryIds);
        const { deletedCount } = await collection(type).deleteMany({ _id: { $in: page.map(({ _id }) => _id) } });
        deleted += deletedCount;
        await onDeleted({ resources: { [type]: deletedCount }, records: {}, contentBytes: 0 });
      }
    }
    return deleted;
  };

  /** Yields every quarantined line of the connection, and whether it mentions the patient. */
  async function* findLines({
    connectionId,
    patientId,
    signal,
  }: PatientOfConnection & { readonly signal?: AbortSignal }) {
    for await (const { id, isTruncated, texts } of quarantine.readAllTexts(connectionId)) {
      signal?.throwIfAborted();
      const isOfPatient = texts.some((text) => mentionsPatient(text, patientId));
      yield { id, isOfPatient, isUndecided: isTruncated && !isOfPatient };
    }
  }

  const withholdLines = async (pass: Pass & { readonly now: Date }): Promise<number> => {
    let withheld = 0;
    for await (const { id, isOfPatient } of findLines(pass)) {
      if (!isOfPatient || !(await quarantine.withhold({ id, now: pass.now }))) continue;
      withheld += 1;
      await pass.onDeleted({ resources: {}, records: { quarantinedLines: 1 }, contentBytes: 0 });
    }
    return withheld;
  };

  /** Removes the patient's id, and addresses that may contain it, from settled steps and ended runs. Their counts are kept. */
  const forgetInRuns = async ({ connectionId, patientId }: PatientOfConnection): Promise<number> => {
    let changed = 0;
    const settled = { connectionId, patientIds: patientId, state: { $nin: unsettled } };
    for await (const step of collection<Step>('sync_steps').find(settled as never) as AsyncIterable<Step>) {
      const patientIds = step.patientIds.map((id) => (id === patientId ? erasedPatient : id));
      await collection('sync_steps').updateOne({ _id: step._id }, { $set: { patientIds } } as never);
      changed += 1;
    }
    changed += await forgetTexts(database, { connectionId, patientId });
    const ended = { connectionId, active: false, 'request.patients': patientId };
    const { modifiedCount } = await collection('sync_runs').updateMany(
      ended as never,
      { $set: { 'request.patients.$[patient]': erasedPatient } } as never,
      { arrayFilters: [{ patient: patientId }] },
    );
    // The answer of a sync contains the patients that it was requested for.
    await collection('answered_requests').deleteMany({ connectionId } as never);
    return changed + modifiedCount;
  };

  const countResources = async (patient: PatientOfConnection) => {
    const { connectionId } = patient;
    const resources: Record<string, number> = {};
    const withDocuments: string[] = [];
    const binaries = new Set<string>();
    let sharedResources = 0;
    for (const type of await listResourceTypes(database)) {
      const ofPatient = new Map<string, StoredResource>();
      for await (const page of findResources(type, patient)) {
        for (const { resource: _, ...stored } of page) ofPatient.set(stored._id, stored);
        for (const id of binariesOf(page)) binaries.add(`${connectionId}/${id}`);
      }
      const all = [...ofPatient.values()];
      resources[type] = all.length;
      sharedResources += all.filter(({ keys }) => [keys?.patient ?? []].flat().length > 1).length;
      if (typesWithAttachments.includes(type)) withDocuments.push(...all.map(({ resourceId }) => resourceId));
    }
    resources.Binary = await collection('Binary').countDocuments({ _id: { $in: [...binaries] } });
    return { resources, sharedResources, withDocuments };
  };

  const countDocuments = async ({ connectionId, patientId }: PatientOfConnection, resourceIds: readonly string[]) => {
    const documents = new Map<string, StoredDocument>();
    const filters = [
      { connectionId, patientId },
      ...toBatches(resourceIds).map((ids) => ({ connectionId, 'resource.id': { $in: ids } })),
    ];
    for (const filter of filters)
      for await (const page of documentsOf(filter)) for (const document of page) documents.set(document._id, document);
    const only = await contentsOnlyOf(connectionId, [...documents.values()]);
    return { documents: documents.size, documentContents: only.length, contentBytes: sumBytes(only) };
  };

  const countLines = async (patient: PatientOfConnection, timeLimitMs: number) => {
    const counts = { quarantinedLines: 0, undecidedLines: 0, uncheckedLines: 0 };
    const startedAt = performance.now();
    let checked = 0;
    for await (const { isOfPatient, isUndecided } of findLines(patient)) {
      checked += 1;
      if (isOfPatient) counts.quarantinedLines += 1;
      if (isUndecided) counts.undecidedLines += 1;
      if (performance.now() - startedAt < timeLimitMs) continue;
      const all = await quarantine.countWithContent(patient.connectionId);
      return { ...counts, uncheckedLines: Math.max(all - checked, 0) };
    }
    return counts;
  };

  return {
    /** Runs one pass over all data of the patient. @returns how many records it deleted or changed */
    async erase(pass: Pass & { readonly now: Date }): Promise<number> {
      const { connectionId, patientId, onDeleted } = pass;
      let deleted = await deleteResources(pass);
      // A late write may have stored them again, after the resources that referred to them were deleted.
      deleted += await deleteBinaries(pass, pass.binaryIds);
      for (const id of pass.documentIds)
        deleted += await contents.removeOfDocument({ connectionId, id }, async ({ sha256 }) => {
          const document = await collection('documents').findOne({ connectionId, sha256 } as never);
          return document !== null;
        });
      // These are documents of resources that were deleted earlier.
      deleted += await deleteDocuments({ connectionId, patientId }, pass);
      deleted += await withholdLines(pass);
      const marks = await collection('crawl_marks').deleteOne({ _id: `${connectionId}/${patientId}` });
      await onDeleted({ resources: {}, records: { crawlMarks: marks.deletedCount }, contentBytes: 0 });
      return deleted + marks.deletedCount + (await forgetInRuns(pass));
    },

    /** Whether an active sync includes the patient. */
    async isBeingSynced({ connectionId, patientId }: PatientOfConnection): Promise<boolean> {
      const step = { connectionId, patientIds: patientId, state: { $in: unsettled } };
      const run = { connectionId, active: true, 'request.patients': patientId };
      return (
        (await collection('sync_steps').findOne(step as never)) !== null ||
        (await collection('sync_runs').findOne(run as never)) !== null
      );
    },

    /** The files and searches that have withheld lines. Their counts must be computed again. */
    async listWithheld(connectionId: string) {
      return collection<Withheld>('quarantine')
        .aggregate<Omit<Withheld, '_id'>>([
          { $match: { connectionId, state: 'withheld' } },
          {
            $group: {
              _id: '$fileId',
              exportId: { $first: '$exportId' },
              source: { $first: '$source' },
              stepId: { $first: '$stepId' },
              resourceType: { $first: '$resourceType' },
            },
          },
          { $project: { _id: 0, fileId: '$_id', exportId: 1, source: 1, stepId: 1, resourceType: 1 } },
        ])
        .toArray();
    },

    /**
     * Counts what `erase` would delete, without changing anything.
     * @param options.timeLimitMs for the quarantined lines, each of which is decrypted and searched. `uncheckedLines` counts the others
     */
    async count(patient: PatientOfConnection, { timeLimitMs = Number.POSITIVE_INFINITY } = {}): Promise<DataAmounts> {
      const { resources, sharedResources, withDocuments } = await countResources(patient);
      const { documents, documentContents, contentBytes } = await countDocuments(patient, withDocuments);
      const lines = await countLines(patient, timeLimitMs);
      const crawlMarks = await collection('crawl_marks').countDocuments({
        _id: `${patient.connectionId}/${patient.patientId}`,
      });
      const records = { documents, documentContents, ...lines, crawlMarks, sharedResources };
      return { resources: withoutZeros(resources), records: withoutZeros(records), contentBytes };
    },
  };
}

export interface Withheld extends Named {
  readonly fileId: string;
  readonly exportId: string;
  readonly source?: 'sync';
  readonly stepId?: string;
  readonly resourceType?: string;
}

async function* pages<Item>(items: AsyncIterable<Item> | Iterable<Item>): AsyncGenerator<Item[]> {
  let page: Item[] = [];
  for await (const item of items) {
    page.push(item);
    if (page.length < batchSize) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
