import { ResourceChangeRepository, resourceFeature } from '@bulkhead/records';
import { Database } from '@bulkhead/store';
import { openTestStore } from '@bulkhead/store/testing';
import { type TableOperation, TableService } from '../commands/table.service.ts';
import type { TableFormat } from '../writers/formats.ts';

/**
 * Opens a store, and a service that makes tables of it. Every connection exists.
 * @param options.delayMs how long changes are held back
 */
export async function openTables(options: { readonly delayMs?: number } = {}) {
  const {
    store: resources,
    database,
    close,
  } = await openTestStore((context) => resourceFeature.open({ ...context, rawWrites: () => undefined }));
  const store = { ...resources, resourceChanges: new ResourceChangeRepository(new Database(database), options) };
  const service = new TableService({
    store,
    resources: { checkConnection: async () => undefined },
    shownAttachments: async () => new Map(),
  });
  const open = (options: {
    readonly view: string | object;
    readonly connectionIds: readonly string[];
    readonly format?: TableFormat;
    readonly since?: Date;
    readonly deletedOnly?: boolean;
    readonly limit?: number;
    readonly query?: string;
    readonly onFurther?: (patients: readonly string[]) => Promise<void>;
    readonly operation?: TableOperation;
  }) => {
    const { format = 'ndjson', since, limit, query = '', onFurther = async () => undefined, ...others } = options;
    return service.open({
      ...others,
      provider: 'athenahealth',
      scope: 'all',
      keyId: 'key_1',
      baseOf: (connectionId) => `https://bulkhead.example/${connectionId}`,
      format,
      quotesFormulas: false,
      since,
      limit,
      onFurther,
      parameters: new URLSearchParams(query),
      signal: new AbortController().signal,
    });
  };
  /** Reads a whole table as bytes. */
  const read = async (options: Parameters<typeof open>[0]): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    for await (const chunk of (await open(options)).chunks) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  return { store, database, close, open, read };
}
