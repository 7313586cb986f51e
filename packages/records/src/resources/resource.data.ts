import {
  amountsOf,
  type ConnectionPass,
  type DataAmounts,
  type Database,
  deleteInBatches,
  type FeatureData,
  hasNoActiveWork,
  idsBelow,
  type Named,
  ownedRecords,
  type PatientOfConnection,
  type PatientPass,
  sumAmounts,
} from '@bulkhead/store';
import { collections } from './collections.ts';
import { countMentions } from './erase/count-mentions.ts';
import { type ErasableDocument, eraseBinaries, eraseResources, storedBinaries } from './erase/erased-resources.ts';
import type { KeptOutRepository } from './erase/kept-out.repository.ts';
import { findBinaries, findOfPatient, type ResourceOfPatient } from './erase/patient-resources.ts';
import { type ConnectionsOfTombstones, retainTombstones } from './erase/retain-tombstones.ts';
import { listResourceTypes } from './resource-collections.ts';
import { notErased } from './version/changed-since.ts';

interface ResourceDataOptions extends ConnectionsOfTombstones {
  readonly database: Database;
  readonly keptOut: KeptOutRepository;
  /** Deletes what is stored for resources of a patient, before they are deleted, because it is found through them. @returns how many records */
  readonly eraseDocumentsOf: (
    resources: { readonly type: string; readonly ids: readonly string[] },
    pass: PatientPass,
  ) => Promise<number>;
}

export function createResourceData(options: ResourceDataOptions): FeatureData<'tombstone'> {
  const { database, keptOut, eraseDocumentsOf } = options;
  const ofTypes = (resources: DataAmounts['resources']) => amountsOf({ resources });
  const parts = ownedRecords(database, [
    {
      collection: collections.keptOutPatients,
      kind: 'keptOutPatients',
      isCounted: true,
      ofConnection: (connectionId) => ({ _id: idsBelow(connectionId) }),
    },
    { collection: collections.keptOutKeys, kind: 'keptOutKeys', ofConnection: (_id) => ({ _id }) },
    { collection: collections.storedTypes, kind: 'storedTypes', ofConnection: (_id) => ({ _id }) },
  ]);

  const eraseType = (type: string, pass: ConnectionPass): Promise<number> =>
    deleteInBatches<Named & { readonly deleted: boolean; readonly erased?: true }>(
      { ...pass, database },
      {
        collection: type,
        filter: { _id: idsBelow(pass.connectionId) },
        projection: { deleted: 1, erased: 1 },
        count(_, page) {
          const resources = page.filter(({ deleted }) => !deleted).length;
          const tombstones = page.filter(({ deleted, erased }) => deleted && !erased).length;
          return { resources: { [type]: resources }, records: { tombstones } };
        },
      },
    );

  const eraseStored = async (
    resourceType: string,
    { connectionId, onDeleted }: PatientPass,
    documents: readonly ErasableDocument[],
  ): Promise<number> => {
    const erased = await eraseResources({ database, connectionId, resourceType, documents });
    if (erased > 0) await onDeleted(ofTypes({ [resourceType]: erased }));
    // One that was written meanwhile needs another pass.
    return documents.length;
  };

  const eraseBinariesOf = async ({ connectionId, onDeleted }: PatientPass, ids: readonly string[]): Promise<number> => {
    const { found, erased } = await eraseBinaries({ database, connectionId, ids });
    if (erased > 0) await onDeleted(ofTypes({ Binary: erased }));
    return found;
  };

  /** A resource is erased last, because its documents and Binaries are found through it. */
  const erasePage = async (type: string, page: readonly ResourceOfPatient[], pass: PatientPass): Promise<number> => {
    pass.signal.throwIfAborted();
    const documents = await eraseDocumentsOf({ type, ids: page.map(({ resourceId }) => resourceId) }, pass);
    const { connectionId } = pass;
    const binaryIds = await findBinaries(database, { connectionId, resourceType: type, resources: page });
    if (binaryIds.length > 0) await pass.onFound({ binaryIds });
    const binaries = await eraseBinariesOf(pass, binaryIds);
    return documents + binaries + (await eraseStored(type, pass, page));
  };

  const countType = async (patient: PatientOfConnection, resourceType: string) => {
    const [ids, shared, binaryIds] = [new Set<string>(), new Set<string>(), new Set<string>()];
    for await (const page of findOfPatient(database, { ...patient, resourceType })) {
      for (const { resourceId, patients } of page) (patients.length > 1 ? shared : ids).add(resourceId);
      const { connectionId } = patient;
      for (const id of await findBinaries(database, { connectionId, resourceType, resources: page })) binaryIds.add(id);
    }
    const count = ids.size + shared.size;
    if (resourceType === 'Binary') for (const id of [...ids, ...shared]) binaryIds.add(id);
    return { count, sharedCount: shared.size, binaryIds };
  };

  return {
    findActive: hasNoActiveWork,

    async countOfConnection(connectionId) {
      const counts = [await parts.countOfConnection(connectionId)];
      for (const type of await listResourceTypes(database)) {
        const countOf = (filter: object) => database.collection(type).countDocuments({ connectionId, ...filter });
        const resources = await countOf({ deleted: false });
        const tombstones = await countOf({ deleted: true, ...notErased });
        counts.push(amountsOf({ resources: { [type]: resources }, records: { tombstones } }));
      }
      return sumAmounts(counts);
    },

    async eraseConnection(pass) {
      let deleted = await parts.eraseConnection(pass);
      for (const type of await listResourceTypes(database)) deleted += await eraseType(type, pass);
      return deleted;
    },

    async countOfPatient(patient) {
      const { connectionId } = patient;
      const resources: Record<string, number> = {};
      const binaryIds = new Set<string>();
      let sharedResources = 0;
      for (const resourceType of await listResourceTypes(database)) {
        const counted = await countType(patient, resourceType);
        resources[resourceType] = counted.count;
        sharedResources += counted.sharedCount;
        for (const id of counted.binaryIds) binaryIds.add(id);
      }
      resources.Binary = await database
        .collection<Named>('Binary')
        .countDocuments(storedBinaries(connectionId, [...binaryIds]));
      return amountsOf({ resources, records: { sharedResources } });
    },

    countMentions: (patient, limit) => countMentions(database, patient, limit),

    async erasePatient(pass) {
      let deleted = 0;
      for (const resourceType of await listResourceTypes(database)) {
        for await (const page of findOfPatient(database, { ...pass, resourceType }))
          deleted += await erasePage(resourceType, page, pass);
      }
      // A late write may have stored them again, after the resources that referred to them were erased.
      return deleted + (await eraseBinariesOf(pass, pass.found.binaryIds));
    },

    retention: { tombstone: retainTombstones(database, options) },
    encryptedFields: keptOut.encryptedFields,
  };
}
