import {
  amountsOf,
  type ConnectionPass,
  type DataAmounts,
  deleteInBatches,
  type FeatureData,
  idsBelow,
  type Named,
  noData,
  ownedRecords,
  type PatientPass,
  sumAmounts,
  toBatches,
} from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';
import type { KeptOutRepository } from './kept-out.repository.ts';
import { binariesOf, findOfPatient, type ResourceOfPatient } from './patient-resources.ts';
import { listResourceTypes } from './resource-collections.ts';
import { type ConnectionsOfTombstones, retainTombstones } from './retain-tombstones.ts';

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
  const collection = (type: string) => database.collection<Named>(type);
  const ofTypes = (resources: DataAmounts['resources']) => amountsOf({ resources });
  const parts = ownedRecords(database, [
    {
      ...{ collection: 'kept_out_patients', kind: 'keptOutPatients', isCounted: true },
      ofConnection: (connectionId) => ({ _id: idsBelow(connectionId) }),
    },
    { collection: 'kept_out_keys', kind: 'keptOutKeys', ofConnection: (_id) => ({ _id }) },
  ]);

  const eraseType = (type: string, pass: ConnectionPass): Promise<number> =>
    deleteInBatches<Named & { readonly deleted: boolean }>(
      { ...pass, database },
      {
        collection: type,
        filter: { _id: idsBelow(pass.connectionId) },
        projection: { deleted: 1 },
        count(_, page) {
          const tombstones = page.filter(({ deleted }) => deleted).length;
          return { resources: { [type]: page.length - tombstones }, records: { tombstones } };
        },
      },
    );

  const eraseBinaries = async ({ connectionId, onDeleted }: PatientPass, ids: readonly string[]): Promise<number> => {
    let deleted = 0;
    for (const batch of toBatches(ids)) {
      const stored = { _id: { $in: batch.map((id) => `${connectionId}/${id}`) } };
      const { deletedCount } = await collection('Binary').deleteMany(stored);
      deleted += deletedCount;
      if (deletedCount > 0) await onDeleted(ofTypes({ Binary: deletedCount }));
    }
    return deleted;
  };

  /** A resource is deleted last, because its documents and Binaries are found through it. */
  const erasePage = async (type: string, page: readonly ResourceOfPatient[], pass: PatientPass): Promise<number> => {
    pass.signal.throwIfAborted();
    const documents = await eraseDocumentsOf({ type, ids: page.map(({ resourceId }) => resourceId) }, pass);
    const binaryIds = binariesOf(page);
    if (binaryIds.length > 0) await pass.onFound({ binaryIds });
    const binaries = await eraseBinaries(pass, binaryIds);
    const { deletedCount } = await collection(type).deleteMany({ _id: { $in: page.map(({ _id }) => _id) } });
    await pass.onDeleted(ofTypes({ [type]: deletedCount }));
    return documents + binaries + deletedCount;
  };

  return {
    ...noData,

    async countOfConnection(connectionId) {
      const counts = [await parts.countOfConnection(connectionId)];
      for (const type of await listResourceTypes(database)) {
        const countOf = (deleted: boolean) => database.collection(type).countDocuments({ connectionId, deleted });
        counts.push(
          amountsOf({ resources: { [type]: await countOf(false) }, records: { tombstones: await countOf(true) } }),
        );
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
      const binaries = new Set<string>();
      let sharedResources = 0;
      for (const resourceType of await listResourceTypes(database)) {
        const ofPatient = new Map<string, ResourceOfPatient>();
        for await (const page of findOfPatient(database, { ...patient, resourceType })) {
          for (const { resource: _, ...stored } of page) ofPatient.set(stored._id, stored);
          for (const id of binariesOf(page)) binaries.add(`${connectionId}/${id}`);
        }
        const all = [...ofPatient.values()];
        resources[resourceType] = all.length;
        sharedResources += all.filter(({ keys }) => [keys?.patient ?? []].flat().length > 1).length;
      }
      resources.Binary = await collection('Binary').countDocuments({ _id: { $in: [...binaries] } });
      return amountsOf({ resources, records: { sharedResources } });
    },

    async erasePatient(pass) {
      let deleted = 0;
      for (const resourceType of await listResourceTypes(database)) {
        for await (const page of findOfPatient(database, { ...pass, resourceType }))
          deleted += await erasePage(resourceType, page, pass);
      }
      // A late write may have stored them again, after the resources that referred to them were deleted.
      return deleted + (await eraseBinaries(pass, pass.found.binaryIds));
    },

    retention: { tombstone: retainTombstones(database, options) },
    encryptedFields: keptOut.encryptedFields,
  };
}
