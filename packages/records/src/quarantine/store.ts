import { EncryptedFiles, type StoreContext } from '@bulkhead/store';
import { createQuarantineData } from './quarantine.data.ts';
import { QuarantineRepository } from './quarantine.repository.ts';

export type QuarantineStore = ReturnType<typeof createQuarantineStore>['repositories'];

export function createQuarantineStore(context: StoreContext) {
  const files = new EncryptedFiles({ ...context, bucketName: 'quarantine' });
  const quarantine = new QuarantineRepository({ ...context, files });
  return {
    repositories: { quarantine },
    data: (others: Pick<Parameters<typeof createQuarantineData>[0], 'isRunActive'>) =>
      createQuarantineData({ ...context, quarantine, files, ...others }),
  };
}
