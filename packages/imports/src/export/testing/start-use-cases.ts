import { idempotencyFeature } from '@bulkhead/access/idempotency';
import { ByteBudget } from '@bulkhead/base';
import { type ConnectedEhr, type ConnectedEhrOptions, startConnectedEhr } from '@bulkhead/connections/testing';
import { createStores as createDocumentStores, documentSettings } from '@bulkhead/documents/testing';
import { quarantineFeature } from '@bulkhead/records/quarantine';
import { BufferPool } from '@bulkhead/store/bson';
import { openTestStore, type TestContext } from '@bulkhead/store/testing';
import type { BulkExport } from '../bulk-export.record.ts';
import { createExportContexts } from '../download/export-contexts.ts';
import { exportFeature } from '../export.feature.ts';
import type { BulkExportDeps, ExportRepository } from '../export-deps.ts';
import { kickOff } from '../kick-off/kick-off.job.ts';
import { pollExport } from '../poll/poll-export.job.ts';
import { makeBulkExport } from './make-records.ts';

/** `await using` stops them at the end of a test, so that tests can run at once. */
export type UseCases = Awaited<ReturnType<typeof startUseCases>>;

/** Starts what the steps of an export need, without a worker. A test calls the steps itself, at the time that it sets. */
export async function startUseCases(options?: ConnectedEhrOptions) {
  return withExports(await startConnectedEhr((at) => openTestStore(createStores, at), options));
}

/** Creates the stores that the steps of an export use. */
export function createStores(context: TestContext) {
  const others = {
    ...createDocumentStores(context).repositories,
    ...quarantineFeature.open(context).repositories,
    answeredRequests: idempotencyFeature.open(context).repositories.answeredRequests,
  };
  return { repositories: { ...others, ...exportFeature.open({ ...context, ...others }).repositories } };
}

/** Adds what the steps of an export need, and what makes exports. */
export function withExports<Store extends BulkExportDeps<ExportRepository>['store']>(ehr: ConnectedEhr<Store>) {
  const { clock, connection } = ehr;
  const { store } = ehr.deps;
  const deps = {
    ...ehr.deps,
    documents: documentSettings,
    exportContexts: createExportContexts({ store }),
    buffers: new BufferPool(),
    largeBytes: new ByteBudget(15 * 1024 * 1024),
    pollIntervalMs: 30_000,
  };
  /** Inserts an export that begins at the clock's time. */
  const insertExport = async (change: Partial<BulkExport> = {}): Promise<BulkExport> => {
    const record = makeBulkExport({ connectionId: connection.id, createdAt: clock.now, ...change });
    await store.bulkExports.insert({ record, requestKey: record.id });
    return record;
  };
  const read = async (exportId: string): Promise<BulkExport> => {
    const record = await store.bulkExports.find(exportId);
    if (!record) throw new Error(`no export ${exportId}`);
    return record;
  };
  return {
    ...ehr,
    deps,
    insertExport,
    read,
    /** Moves the clock to the export's next status request and sends it. */
    async pollOnce(exportId: string) {
      clock.now = (await read(exportId)).notBefore ?? clock.now;
      await pollExport(deps, { exportId, signal: AbortSignal.timeout(20_000) });
    },
    /** Inserts an export and kicks it off at the clock's time. @returns its id */
    async exporting(change: Partial<BulkExport> = {}): Promise<string> {
      const { id: exportId } = await insertExport(change);
      await kickOff(deps, { exportId, signal: AbortSignal.timeout(20_000) });
      return exportId;
    },
    /** The types that have a watermark. */
    async markedTypes(): Promise<string[]> {
      const watermarks = await store.watermarks.list({ connectionId: connection.id });
      return watermarks.map(({ resourceType }) => resourceType);
    },
  };
}
