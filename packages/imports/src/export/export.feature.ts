import type { QuarantineStore } from '@bulkhead/records/quarantine';
import { createLeases, defineFeature, type RepositoriesOf, type StoreContext } from '@bulkhead/store';
import { createBulkExportData } from './bulk-export.data.ts';
import { BulkExportRepository } from './bulk-export.repository.ts';
import { collections } from './collections.ts';
import { ExportSlotRepository } from './kick-off/export-slot.repository.ts';
import { OutputFileRepository } from './output-file.repository.ts';
import { CohortRepository } from './patients/cohort.repository.ts';
import { CohortMarkRepository } from './patients/cohort-mark.repository.ts';
import { WatermarkRepository } from './watermarks/watermark.repository.ts';

export const exportFeature = defineFeature({
  collections,
  open(context: StoreContext & QuarantineStore) {
    const { database, quarantine } = context;
    const repositories = {
      bulkExports: new BulkExportRepository(context),
      outputFiles: new OutputFileRepository(context),
      exportLeases: createLeases({ database, collection: collections.bulkExports }),
      exportSlots: new ExportSlotRepository(context),
      watermarks: new WatermarkRepository(context),
      cohorts: new CohortRepository(context),
      cohortMarks: new CohortMarkRepository(context),
    };
    return { repositories, data: () => createBulkExportData({ database, quarantine, ...repositories }) };
  },
});

export type BulkExportStore = RepositoriesOf<typeof exportFeature>;
