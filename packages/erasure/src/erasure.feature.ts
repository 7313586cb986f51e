import {
  countsNothing,
  defineFeature,
  encryptsNothing,
  type FeatureData,
  hasNoActiveWork,
  keepsAsProof,
  type RepositoriesOf,
  retainsNothing,
  type StoreContext,
} from '@bulkhead/store';
import { collections } from './collections.ts';
import { ErasureRepository } from './erasure.repository.ts';
import { ErasureGate } from './gate/erasure-gate.ts';
import { readIdentity } from './gate/process-identity.ts';
import { WritingProcessRepository } from './gate/writing-process.repository.ts';

interface ErasureOptions
  extends Omit<StoreContext, 'gate'>,
    Pick<ConstructorParameters<typeof ErasureGate>[0], 'readKeptOut'> {
  /** `api`, `worker` or another kind of program. */
  readonly processKind: string;
  /** Throws if values that this process encrypts could be read by no other process. */
  readonly verifyKeys: () => Promise<void>;
}

/** The records of erasures are their proof, so no erasure changes them. Processes and epochs have no data of patients. */
export const erasureFeature = defineFeature({
  collections,
  open(options: ErasureOptions) {
    const { database, secretBox, processKind, verifyKeys, readKeptOut } = options;
    const erasures = new ErasureRepository(database);
    const writingProcesses = new WritingProcessRepository({
      database,
      verifyKeys,
      self: readIdentity(processKind),
      encryptionKeyId: secretBox.currentKeyId,
    });
    const gate = new ErasureGate({ erasures, readKeptOut, processes: writingProcesses });
    const data: FeatureData = {
      countOfConnection: countsNothing,
      eraseConnection: keepsAsProof,
      countOfPatient: countsNothing,
      countMentions: countsNothing,
      erasePatient: keepsAsProof,
      findActive: hasNoActiveWork,
      retention: retainsNothing,
      encryptedFields: encryptsNothing,
    };
    return { repositories: { erasures, writingProcesses, gate }, data: () => data };
  },
});

export type ErasureStore = RepositoriesOf<typeof erasureFeature>;
