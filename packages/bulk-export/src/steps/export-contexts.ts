import { connectionGone } from '@bulkhead/connections/steps';
import type { Connection } from '@bulkhead/providers';
import type { BulkExport } from '../bulk-export.record.ts';
import type { BulkExportStore } from '../store.ts';

/** What is the same for every file of an export. */
export interface ExportContext {
  readonly connection: Connection;
  readonly record: BulkExport;
}

export type ExportContexts = ReturnType<typeof createExportContexts>;

/**
 * A file of two lines takes some milliseconds, so in this time hundreds need the same. Nobody waits for what is new in it: a
 * cancellation takes the claims of the files away, and with new credentials go the tokens of the old ones.
 */
const keptMs = 1000;

/** Reads an export and its connection once for the files that need them at nearly the same time. */
export function createExportContexts({
  store,
}: {
  readonly store: Pick<BulkExportStore, 'bulkExports' | 'connections'>;
}) {
  const kept = new Map<string, Promise<ExportContext>>();
  const readContext = async (exportId: string): Promise<ExportContext> => {
    const record = await store.bulkExports.find(exportId);
    const connection = record && (await store.connections.find(record.connectionId));
    if (!connection) throw connectionGone();
    return { connection, record };
  };
  return {
    /** @throws AppError `connection-gone` */
    read(exportId: string): Promise<ExportContext> {
      const known = kept.get(exportId);
      if (known !== undefined) return known;
      const reading = readContext(exportId);
      kept.set(exportId, reading);
      // A connection has its secret in it, so it is not kept for nobody.
      setTimeout(() => kept.delete(exportId), keptMs).unref();
      // The next file asks again.
      reading.catch(() => kept.delete(exportId));
      return reading;
    },
  };
}
