import { recount } from '@bulkhead/bulk-export/steps';
import { AppError } from '@bulkhead/runtime';
import type { Erasure } from '../erasure.record.ts';
import { erasureError } from '../errors.ts';
import type { ErasureDeps, ErasureWork } from './deps.ts';

/** Erases one patient of a connection. */
export function erasePatient(
  deps: ErasureDeps,
  { erasure, signal }: { readonly erasure: Erasure; readonly signal: AbortSignal },
): ErasureWork {
  const { store, now } = deps;
  const { id, connectionId, patientId = '' } = erasure;
  const patient = { connectionId, patientId };
  const keepOut = async (binaryIds: readonly string[] = []): Promise<void> => {
    try {
      await store.keptOut.add({ ...patient, binaryIds, now: now() });
    } catch (error) {
      // The whole connection is erased meanwhile, so nothing is stored for it anyway.
      if (!(error instanceof AppError && error.code === 'connection-erased')) throw error;
    }
  };
  return {
    async stop() {
      // Runs before anything is deleted, so that no resource of the patient is stored after its deletion.
      if (erasure.keepsOut === true) await keepOut();
    },
    count: () => store.patientEraser.count(patient),
    async pass({ onDeleted }) {
      if (await store.patientEraser.isBeingSynced(patient)) throw erasureError('erasure-waits');
      // A later request may have asked to keep the patient out.
      const { keepsOut, binaryIds = [], documentIds = [] } = (await store.erasures.find(id)) ?? {};
      if (keepsOut === true) await keepOut(binaryIds);
      const deleted = await store.patientEraser.erase({
        ...patient,
        signal,
        onDeleted,
        ...{ binaryIds, documentIds },
        onDocuments: (documentIds) => store.erasures.addDocuments({ id, documentIds }),
        async onBinaries(binaryIds) {
          const added = await store.erasures.addBinaries({ id, binaryIds });
          if (keepsOut !== true || added.length === 0) return;
          await keepOut(added);
          // Writes that were admitted before do not know that these Binaries are kept out.
          await store.erasures.raiseEpoch({ id, epoch: await store.writingProcesses.raiseEpoch() });
        },
        now: now(),
      });
      await recountWithheld(deps, connectionId);
      return deleted;
    },
  };
}

/** Runs in every pass, because a crash may have happened between withholding lines and updating counts. */
async function recountWithheld(deps: ErasureDeps, connectionId: string): Promise<void> {
  const { store } = deps;
  for (const { fileId, exportId, source, stepId = '', resourceType = '' } of await store.patientEraser.listWithheld(
    connectionId,
  )) {
    if (source !== 'sync') {
      await recount(deps, { fileId, exportId });
      continue;
    }
    const rejected = await store.quarantine.countOpen(fileId);
    const withheld = await store.quarantine.countWithheld(fileId);
    await store.syncSteps.recountRejected({ id: stepId, resourceType, rejected, withheld });
  }
}
