import type { Connection, ConnectionStore } from '@bulkhead/connections';
import { connectionGone } from '@bulkhead/connections/steps';
import type { BulkExport } from '../bulk-export.record.ts';
import type { BulkExportStore } from '../export.feature.ts';

/** The data that all files of an export share. */
export interface ExportContext {
  readonly connection: Connection;
  readonly record: BulkExport;
}

export type ExportContexts = ReturnType<typeof createExportContexts>;

/**
 * A file of two lines takes some milliseconds, so hundreds of files need the same context within this time. An old context does no
 * harm: a cancellation ends the claims of the files, and tokens of old credentials are deleted with the credentials.
 */
const cacheMs = 1000;

/** Reads an export and its connection once for the files that need them at about the same time. */
export function createExportContexts({
  store,
}: {
  readonly store: Pick<BulkExportStore, 'bulkExports'> & Pick<ConnectionStore, 'connections'>;
}) {
  const cache = new Map<string, Promise<ExportContext>>();
  const readContext = async (exportId: string): Promise<ExportContext> => {
    const record = await store.bulkExports.find(exportId);
    const connection = record && (await store.connections.findWithSecrets(record.connectionId));
    if (!connection) throw connectionGone();
    return { connection, record };
  };
  return {
    /** @throws AppError `connection-gone` */
    read(exportId: string): Promise<ExportContext> {
      const cached = cache.get(exportId);
      if (cached !== undefined) return cached;
      const reading = readContext(exportId);
      cache.set(exportId, reading);
      // The connection contains its secret, so it stays in memory only for this time.
      setTimeout(() => cache.delete(exportId), cacheMs).unref();
      // After an error the next file reads it again.
      reading.catch(() => cache.delete(exportId));
      return reading;
    },
  };
}
