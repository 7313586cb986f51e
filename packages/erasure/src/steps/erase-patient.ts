import type { PatientPass } from '@bulkhead/store';
import type { Erasure } from '../erasure.record.ts';
import { erasureError } from '../errors.ts';
import { countOfPatient } from '../feature-counts.ts';
import { keepOut } from '../keep-out.ts';
import type { ErasureDeps, ErasureWork } from './deps.ts';

/** Erases one patient of a connection. */
export function erasePatient(
  deps: ErasureDeps<'erasures' | 'features' | 'keptOut' | 'writingProcesses'>,
  { erasure, signal }: { readonly erasure: Erasure; readonly signal: AbortSignal },
): ErasureWork {
  const { store, work, now } = deps;
  const { id, connectionId, patientId = '' } = erasure;
  const patient = { connectionId, patientId };
  return {
    async stop() {
      // Runs before anything is deleted, so that no resource of the patient is stored after its deletion.
      if (erasure.keepsOut === true) await keepOut(store, { ...patient, now: now() });
    },
    count: () => countOfPatient(store.features, patient),
    async pass({ onDeleted }) {
      if ((await Promise.all(work.map(({ isBusyWith }) => isBusyWith(patient)))).includes(true))
        throw erasureError('erasure-waits');
      // A later request may have asked to keep the patient out.
      const { keepsOut, binaryIds = [], documentIds = [] } = (await store.erasures.find(id)) ?? {};
      if (keepsOut === true) await keepOut(store, { ...patient, binaryIds, now: now() });
      const onFound: PatientPass['onFound'] = async ({ documentIds = [], binaryIds = [] }) => {
        if (documentIds.length > 0) await store.erasures.addDocuments({ id, documentIds });
        const added = binaryIds.length > 0 ? await store.erasures.addBinaries({ id, binaryIds }) : [];
        if (keepsOut !== true || added.length === 0) return;
        await keepOut(store, { ...patient, binaryIds: added, now: now() });
        // Writes that were admitted before do not know that these Binaries are kept out.
        await store.erasures.raiseEpoch({ id, epoch: await store.writingProcesses.raiseEpoch() });
      };
      const pass = { ...patient, signal, now: now(), found: { binaryIds, documentIds }, onFound, onDeleted };
      let changed = 0;
      for (const feature of store.features) changed += await feature.erasePatient(pass);
      for (const { recountWithheld } of work) await recountWithheld(connectionId);
      return changed;
    },
  };
}
