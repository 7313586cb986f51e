import type { StoreContext } from '@bulkhead/store';
import { ErasureRepository } from './erasure.repository.ts';
import { ErasureGate } from './gate/erasure-gate.ts';
import { readIdentity } from './gate/process-identity.ts';
import { WritingProcessRepository } from './gate/writing-process.repository.ts';

export type ErasureStore = ReturnType<typeof createErasureStore>['repositories'];

/** The records of erasures are their proof, so no erasure changes them. Processes and epochs have no data of patients. */
export function createErasureStore(
  options: Omit<StoreContext, 'gate'> & {
    /** `api`, `worker` or another kind of program. */
    readonly processKind: string;
    /** Throws if values that this process encrypts could be read by no other process. */
    readonly verifyKeys: () => Promise<void>;
  } & Pick<ConstructorParameters<typeof ErasureGate>[0], 'readKeptOut'>,
) {
  const { database, secretBox, processKind, verifyKeys, readKeptOut } = options;
  const erasures = new ErasureRepository(database);
  const writingProcesses = new WritingProcessRepository({
    ...{ database, verifyKeys, self: readIdentity(processKind) },
    encryptionKeyId: secretBox.currentKeyId,
  });
  const gate = new ErasureGate({ erasures, readKeptOut, processes: writingProcesses });
  return { repositories: { erasures, writingProcesses, gate } };
}
