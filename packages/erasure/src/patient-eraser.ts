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
import type { DataAmounts } from './erasure.record.ts';

export interface PatientOfConnection {
  readonly connectionId: string;
  readonly patientId: string;
}

export interface Pass extends PatientOfConnection {
  readonly signal: AbortSignal;
  /** Called before Binaries of the patient are deleted, with their ids. */
  readonly onBinaries: (ids: readonly string[]) => Promise<void>;
  readonly onDeleted: (amounts: DataAmounts) => Promise<void>;
}

export interface Named {
  readonly _id: string;
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
  readonly searches: readonly { readonly nextUrl?: string; readonly loopMark?: string }[];
}

const batchSize = 500;
/** In the place of the patient in records of runs that stay. */
const erasedPatient = 'erased';
/** A resource of more patients than its keys list is found by reading it. Only these types can be about so many. */
const typesOfManyPatients = ['Group', 'AuditEvent', 'Provenance'];
const unsettled = ['pending', 'running'];

/**
 * Counts and deletes what is stored of one patient: the resources in the Patient compartment of FHIR R4 and the Patient, their
 * documents with the contents that no other document has, quarantined lines that mention the patient, and the crawl mark. Records
 * of runs stay without the patient's id.
 */
export function createPatientEraser(options: {
  readonly database: Database;
  readonly quarantine: QuarantineRepository;
  readonly contents: DocumentContentRepository;
}) {
  const { database, quarantine, contents } = options;
  const collection = <Record extends Named>(name: string) => database.collection<Record>(name);

  /** The resources of a type that are in the patient's compartment, some at a time. */
  async function* findResources(type: string, { connectionId, patientId }: PatientOfConnection) {
    const hasContent = typesWithAttachments.includes(type);
    const projection = { resourceId: 1, 'keys.patient': 1, ...(hasContent ? { resource: 1 } : {}) };
    const own = type === 'Patient' ? [{ _id: `${connectionId}/${patientId}` }] : [];
    for (const filter of [{ connectionId, 'keys.patient': patientId }, ...own]) {
      const cursor = collection<StoredResource>(type).find(filter as never, { projection, batchSize: 125 });
      yield* pages(cursor as AsyncIterable<StoredResource>);
    }
    if (!typesOfManyPatients.includes(type)) return;
    const crowded = { connectionId, [`keys.patient.${maxListedPatients - 1}`]: { $exists: true } };
    const found: StoredResource[] = [];
    const cursor = collection<StoredResource>(type).find(crowded as never, {
      projection: { ...projection, resource: 1 },
      batchSize: 1,
    });
    for await (const { resource, ...stored } of cursor as AsyncIterable<StoredResource>) {
      if (resource && allPatientsOf(resource).includes(patientId)) found.push(stored);
    }
    yield* pages(found);
  }

  /** Binaries that the attachments of these resources are in: nothing in a Binary says whose it is. */
  const binariesOf = (resources: readonly StoredResource[]): string[] =>
    resources.flatMap(({ resource }) =>
      readAttachments(resource ?? {}).flatMap(({ url }) => referencedId(url, 'Binary') ?? []),
    );

  const documentsOf = (filter: object) =>
    pages(
      collection<StoredDocument>('documents').find(filter as never, {
        projection: { sha256: 1, progress: 1 },
      }) as AsyncIterable<StoredDocument>,
    );

  /** The contents of documents that no other document has. */
  const contentsOnlyOf = async (connectionId: string, documents: readonly StoredDocument[]) => {
    const ids = documents.map(({ _id }) => _id);
    const hashes = new Set(documents.flatMap(({ sha256 }) => sha256 ?? []));
    const only: (Named & StoredParts & { readonly sizeBytes: number })[] = [];
    for (const sha256 of hashes) {
      const other = { connectionId, sha256, _id: { $nin: ids } };
      if (await collection('documents').findOne(other as never)) continue;
      const content = await collection<(typeof only)[number]>('document_contents').findOne({
        _id: `${connectionId}/${sha256}`,
      });
      if (content) only.push(content as (typeof only)[number]);
    }
    return only;
  };

  /** A content goes before the documents that name it, so that a crash in between leaves none that is not named. */
  const deleteDocuments = async (filter: object, { connectionId, signal, onDeleted }: Pass): Promise<number> => {
    let deleted = 0;
    for await (const page of documentsOf(filter)) {
      signal.throwIfAborted();
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

  const deleteResources = async (pass: Pass): Promise<number> => {
    const { connectionId, signal, onBinaries, onDeleted } = pass;
    let deleted = 0;
    for (const type of await listResourceTypes(database)) {
      for await (const page of findResources(type, pass)) {
        signal.throwIfAborted();
        // A resource goes after what is found by it.
        const ids = page.map(({ resourceId }) => resourceId);
        deleted += await deleteDocuments({ connectionId, 'resource.id': { $in: ids }, 'resource.type': type }, pass);
        const binaryIds = binariesOf(page);
        if (binaryIds.length > 0) await onBinaries(binaryIds);
        const binaries = await collection('Binary').deleteMany({
          _id: { $in: binaryIds.map((id) => `${connectionId}/${id}`) },
        });
        const { deletedCount } = await collection(type).deleteMany({ _id: { $in: page.map(({ _id }) => _id) } });
        deleted += deletedCount + binaries.deletedCount;
        await onDeleted({
          resources: { [type]: deletedCount, ...(type === 'Binary' ? {} : { Binary: binaries.deletedCount }) },
          records: {},
          contentBytes: 0,
        });
      }
    }
    return deleted;
  };

  /** Every quarantined line of the connection, with whether it mentions the patient. */
  async function* findLines({
    connectionId,
    patientId,
    signal,
  }: PatientOfConnection & { readonly signal?: AbortSignal }) {
    for (let after = ''; ; ) {
      const lines = await collection<Named & { readonly isTruncated?: boolean }>('quarantine')
        .find({ connectionId, state: { $in: ['open', 'replayed'] }, _id: { $gt: after } } as never, {
          projection: { isTruncated: 1 },
        })
        .sort({ _id: 1 })
        .limit(batchSize)
        .toArray();
      for (const { _id: id, isTruncated = false } of lines) {
        signal?.throwIfAborted();
        const texts = await quarantine.readTexts(id);
        const isOfPatient = texts.some((text) => mentionsPatient(text, patientId));
        yield { id, isOfPatient, isUndecided: isTruncated && !isOfPatient };
      }
      const last = lines.at(-1);
      if (!last) return;
      after = last._id;
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

  /** Settled steps and ended runs keep their counts, and lose the patient's id and addresses that may name the patient. */
  const forgetInRuns = async ({ connectionId, patientId }: PatientOfConnection): Promise<number> => {
    let changed = 0;
    const settled = { connectionId, patientIds: patientId, state: { $nin: unsettled } };
    for await (const step of collection<Step>('sync_steps').find(settled as never) as AsyncIterable<Step>) {
      const patientIds = step.patientIds.map((id) => (id === patientId ? erasedPatient : id));
      const searches = step.searches.map(({ nextUrl: _, loopMark: __, ...search }) => search);
      await collection('sync_steps').updateOne({ _id: step._id }, { $set: { patientIds, searches } } as never);
      changed += 1;
    }
    const ended = { connectionId, active: false, 'request.patients': patientId };
    const { modifiedCount } = await collection('sync_runs').updateMany(
      ended as never,
      { $set: { 'request.patients.$[patient]': erasedPatient } } as never,
      { arrayFilters: [{ patient: patientId }] },
    );
    return changed + modifiedCount;
  };

  const countResources = async (which: PatientOfConnection) => {
    const { connectionId } = which;
    const resources: Record<string, number> = {};
    const withDocuments: string[] = [];
    const binaries = new Set<string>();
    let sharedResources = 0;
    for (const type of await listResourceTypes(database)) {
      const found = new Map<string, StoredResource>();
      for await (const page of findResources(type, which)) {
        for (const { resource: _, ...stored } of page) found.set(stored._id, stored);
        for (const id of binariesOf(page)) binaries.add(`${connectionId}/${id}`);
      }
      const all = [...found.values()];
      resources[type] = all.length;
      sharedResources += all.filter(({ keys }) => [keys?.patient ?? []].flat().length > 1).length;
      if (typesWithAttachments.includes(type)) withDocuments.push(...all.map(({ resourceId }) => resourceId));
    }
    resources.Binary = await collection('Binary').countDocuments({ _id: { $in: [...binaries] } });
    return { resources, sharedResources, withDocuments };
  };

  const countDocuments = async (
    { connectionId, patientId }: PatientOfConnection,
    resourceIds: readonly string[],
  ): Promise<{ readonly documents: number; readonly documentContents: number; readonly contentBytes: number }> => {
    const found = new Map<string, StoredDocument>();
    const filters = [
      { connectionId, patientId },
      ...chunks(resourceIds).map((ids) => ({ connectionId, 'resource.id': { $in: ids } })),
    ];
    for (const filter of filters)
      for await (const page of documentsOf(filter)) for (const document of page) found.set(document._id, document);
    const only = await contentsOnlyOf(connectionId, [...found.values()]);
    return { documents: found.size, documentContents: only.length, contentBytes: sumBytes(only) };
  };

  const countLines = async (which: PatientOfConnection) => {
    let quarantinedLines = 0;
    let undecidedLines = 0;
    for await (const { isOfPatient, isUndecided } of findLines(which)) {
      if (isOfPatient) quarantinedLines += 1;
      if (isUndecided) undecidedLines += 1;
    }
    return { quarantinedLines, undecidedLines };
  };

  return {
    /** One pass over everything. @returns how many records it deleted or changed */
    async erase(pass: Pass & { readonly now: Date }): Promise<number> {
      const { connectionId, patientId, onDeleted } = pass;
      let deleted = await deleteResources(pass);
      // Of resources that were deleted before.
      deleted += await deleteDocuments({ connectionId, patientId }, pass);
      deleted += await withholdLines(pass);
      const marks = await collection('crawl_marks').deleteOne({ _id: `${connectionId}/${patientId}` });
      await onDeleted({ resources: {}, records: { crawlMarks: marks.deletedCount }, contentBytes: 0 });
      return deleted + marks.deletedCount + (await forgetInRuns(pass));
    },

    /** Whether a sync that is under way has the patient in it. */
    async isBeingSynced({ connectionId, patientId }: PatientOfConnection): Promise<boolean> {
      const step = { connectionId, patientIds: patientId, state: { $in: unsettled } };
      const run = { connectionId, active: true, 'request.patients': patientId };
      return (
        (await collection('sync_steps').findOne(step as never)) !== null ||
        (await collection('sync_runs').findOne(run as never)) !== null
      );
    },

    /** The files and searches with withheld lines, whose counts follow from these. */
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

    /** What `erase` would delete. Changes nothing. */
    async count(which: PatientOfConnection): Promise<DataAmounts> {
      const { resources, sharedResources, withDocuments } = await countResources(which);
      const { documents, documentContents, contentBytes } = await countDocuments(which, withDocuments);
      const lines = await countLines(which);
      const crawlMarks = await collection('crawl_marks').countDocuments({
        _id: `${which.connectionId}/${which.patientId}`,
      });
      const records = { documents, documentContents, ...lines, crawlMarks, sharedResources };
      return { resources: present(resources), records: present(records), contentBytes };
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

function chunks<Item>(items: readonly Item[]): Item[][] {
  const count = Math.ceil(items.length / batchSize);
  return Array.from({ length: count }, (_, index) => items.slice(index * batchSize, (index + 1) * batchSize));
}

function sumBytes(contents: readonly { readonly sizeBytes: number }[]): number {
  return contents.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** Without what there is none of. */
function present(counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}
