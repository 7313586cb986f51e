import type { QuarantineStore } from '@bulkhead/quarantine';
import { createLeases, type StoreContext } from '@bulkhead/store';
import { createBulkExportData } from './bulk-export.data.ts';
import { createBulkExportRepository } from './bulk-export.repository.ts';
import { createExportSlotRepository } from './export-slot.repository.ts';
import { createOutputFileRepository } from './output-file.repository.ts';
import { createWatermarkRepository } from './watermarks/watermark.repository.ts';

export type BulkExportStore = ReturnType<typeof createBulkExportStore>['repositories'];

export function createBulkExportStore(context: StoreContext & QuarantineStore) {
  const { database, quarantine } = context;
  const repositories = {
    bulkExports: createBulkExportRepository(context),
    outputFiles: createOutputFileRepository(context),
    exportLeases: createLeases({ database, collection: 'bulk_exports' }),
    exportSlots: createExportSlotRepository(context),
    watermarks: createWatermarkRepository(context),
  };
  return { repositories, data: createBulkExportData({ database, quarantine, ...repositories }) };
}
