import { defineFeature, EncryptedFiles, type RepositoriesOf, type StoreContext } from '@bulkhead/store';
import { collections } from './collections.ts';
import { createQuarantineData } from './quarantine.data.ts';
import type { QuarantinedCount } from './quarantine.record.ts';
import { QuarantineRepository } from './quarantine.repository.ts';

/** The name of the files in GridFS. */
const bucketName = 'quarantine';

export const quarantineFeature = defineFeature({
  collections,
  buckets: [bucketName],
  open(context: StoreContext & { readonly onQuarantined?: ((count: QuarantinedCount) => void) | undefined }) {
    const files = new EncryptedFiles({ ...context, bucketName });
    const quarantine = new QuarantineRepository({ ...context, files });
    return {
      repositories: { quarantine },
      data: (others: Pick<Parameters<typeof createQuarantineData>[0], 'isRunActive'>) =>
        createQuarantineData({ ...context, quarantine, files, ...others }),
    };
  },
});

export type QuarantineStore = RepositoriesOf<typeof quarantineFeature>;
