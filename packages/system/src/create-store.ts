import { createAccessStore } from '@bulkhead/access';
import { type AuditOptions, createAuditStore } from '@bulkhead/access/audit';
import { createIdempotencyStore } from '@bulkhead/access/idempotency';
import { runtimeError } from '@bulkhead/base';
import { createSecretBox } from '@bulkhead/base/encryption';
import { createConnectionStore } from '@bulkhead/connections';
import { createDocumentStore } from '@bulkhead/documents';
import { createErasureStore } from '@bulkhead/erasure';
import { createBulkExportStore } from '@bulkhead/imports/export';
import { createScheduleStore } from '@bulkhead/imports/schedules';
import { createSyncStore } from '@bulkhead/imports/sync';
import { createMonitoringStore } from '@bulkhead/monitoring';
import { createResourceStore } from '@bulkhead/records';
import { createQuarantineStore } from '@bulkhead/records/quarantine';
import { createServedExportStore } from '@bulkhead/serving/bulk';
import {
  type CommandObserver,
  connectionSettingsFor,
  EncryptionKeyRepository,
  isStoreUnavailable,
  listRetentionStates,
  openRawWrites,
  type RawWrites,
  type Rotation,
  rotateEncryptionKey,
  type StoreContext,
  watchCommands,
} from '@bulkhead/store';
import { createWebhookStore } from '@bulkhead/webhooks';
import { createConnection } from 'mongoose';
import { migrate } from './migrate.ts';

export interface StoreOptions extends AuditOptions {
  readonly uri: string;
  /** 32 bytes. Encrypts secrets, quarantined lines and the keys of files. */
  readonly encryptionKey: Buffer;
  /** Decrypt values that they have encrypted. Never used to encrypt. */
  readonly previousEncryptionKeys?: readonly Buffer[] | undefined;
  /** `api`, `worker` or another kind of program. Shown if an erasure waits for this process. */
  readonly processKind?: string | undefined;
  /** Whether resources are sent to MongoDB as bytes, if the driver can do it. Default: true. */
  readonly writesRaw?: boolean | undefined;
  /** How many connections to MongoDB this process may open. Each running job and request uses one at a time. */
  readonly maxPoolSize?: number;
  /** Called for each MongoDB command. If it is left out, the driver does not report its commands. */
  readonly onCommand?: CommandObserver | undefined;
}

/** All repositories, and the operations on the database as a whole. */
export type Store = ReturnType<typeof createStore>;
export type RetainedKind = keyof Store['retention'];

/** Creates the stores of all features. It reads and writes nothing before `connect()`. */
export function createStore(options: StoreOptions) {
  const { uri, encryptionKey, previousEncryptionKeys, maxPoolSize = 20, onCommand, writesRaw = true } = options;
  let rawWrites: RawWrites | undefined;
  const database = createConnection();
  const secretBox = createSecretBox({ current: encryptionKey, previous: previousEncryptionKeys });
  const encryptionKeys = new EncryptionKeyRepository({ database, secretBox });
  const erasure = createErasureStore({
    ...{ database, secretBox, verifyKeys: () => encryptionKeys.verify() },
    processKind: options.processKind ?? 'program',
    readKeptOut: () => resources.repositories.keptOut.listAll(),
  });
  const context: StoreContext = { database, secretBox, gate: erasure.repositories.gate };
  const access = createAccessStore(context);
  const audit = createAuditStore({ ...context, ...options });
  const idempotency = createIdempotencyStore(context);
  const connections = createConnectionStore(context);
  const resources = createResourceStore({ ...context, rawWrites: () => rawWrites });
  const servedExports = createServedExportStore(context);
  const quarantine = createQuarantineStore(context);
  const documents = createDocumentStore(context);
  const webhooks = createWebhookStore(context);
  const bulkExport = createBulkExportStore({ ...context, ...quarantine.repositories });
  const sync = createSyncStore({ ...context, ...quarantine.repositories });
  const schedules = createScheduleStore(context);
  const monitoring = createMonitoringStore(context);

  const runs = [bulkExport.repositories.bulkExports, sync.repositories.syncRuns];
  const documentData = documents.data(resources.repositories.resources);
  // In the order in which they are erased and retained: what is found through other data is before it, and a line that is deleted can free its
  // run, whose deletion can free a tombstone.
  const features = [
    schedules.data,
    webhooks.data,
    quarantine.data({
      isRunActive: async (id) => (await Promise.all(runs.map((repository) => repository.isActive(id)))).includes(true),
    }),
    bulkExport.data,
    sync.data,
    resources.data({
      eraseDocumentsOf: documentData.eraseOfResources,
      nextConnectionId: (after) => connections.repositories.connections.nextId(after),
      async oldestPending(connectionId) {
        const withLines = await quarantine.repositories.quarantine.listRunsWithOpen(connectionId);
        const oldest = await Promise.all(runs.map((repository) => repository.oldestPending(connectionId, withLines)));
        return oldest.flatMap((time) => time ?? []).toSorted((left, right) => left.getTime() - right.getTime())[0];
      },
    }),
    documentData.data,
    monitoring.data,
    access.data,
    audit.data,
    idempotency.data,
    servedExports.data,
    // Last, so that an interrupted erasure still finds the connection.
    connections.data,
  ] as const;

  return {
    ...erasure.repositories,
    ...access.repositories,
    ...audit.repositories,
    ...idempotency.repositories,
    ...connections.repositories,
    ...resources.repositories,
    ...servedExports.repositories,
    ...quarantine.repositories,
    ...documents.repositories,
    ...webhooks.repositories,
    ...bulkExport.repositories,
    ...sync.repositories,
    ...schedules.repositories,
    ...monitoring.repositories,
    features,
    retention: mergeRetention(features),
    listRetentionStates: () => listRetentionStates(database),
    /** @throws AppError `encryption-key-missing`, or `unavailable` if MongoDB does not answer within a few seconds. */
    async connect(): Promise<void> {
      const settings = { ...connectionSettingsFor(uri), maxPoolSize, monitorCommands: onCommand !== undefined };
      await database.openUri(uri, settings).catch((cause: Error) => {
        if (!isStoreUnavailable(cause)) throw cause;
        const message = `MongoDB does not respond (${cause.message}). Check MONGODB_URI, and that MongoDB is running.`;
        throw runtimeError('unavailable', { message, cause });
      });
      if (onCommand) watchCommands({ database, onCommand });
      if (writesRaw) rawWrites = await openRawWrites(database);
      try {
        await encryptionKeys.enter(new Date());
        await erasure.repositories.writingProcesses.removeReplaced();
      } catch (error) {
        await database.destroy();
        throw error;
      }
    },
    migrate: ({ rederivesKeys = false }: { readonly rederivesKeys?: boolean } = {}) =>
      migrate({ database, rederivesKeys }),
    /** Encrypts all values with the current key. @param options.dryRun only count the values. */
    rotateEncryptionKey: ({ dryRun }: { readonly dryRun: boolean }): Promise<Rotation> =>
      rotateEncryptionKey({
        fields: features.flatMap(({ encryptedFields }) => encryptedFields),
        keys: encryptionKeys,
        async listOtherProcesses() {
          const processes = [
            ...(await monitoring.repositories.processStates.listWithOtherKey(new Date())),
            ...(await erasure.repositories.writingProcesses.listWithOtherKey()),
          ];
          return processes.map(({ kind, host, pid }) => `${kind} ${host}:${pid}`);
        },
        dryRun,
      }),
    /** Reads the version and the clock of the server. @throws if it does not answer. */
    async server(): Promise<{ readonly version: string; readonly now: Date }> {
      const admin = database.getClient().db().admin();
      const { version } = await admin.command({ buildInfo: 1 });
      const { localTime } = await admin.command({ hello: 1 });
      return { version, now: localTime };
    },
    /** @throws if MongoDB does not respond. */
    ping: async () => {
      await database.db?.admin().ping();
    },
    /** Whether resources are sent to MongoDB as bytes. Known after `connect()`. */
    writesRaw: () => rawWrites !== undefined,
    async close(): Promise<void> {
      await erasure.repositories.gate.close();
      await database.destroy();
    },
  };
}

/** The steps of all features, in the order of the features. */
function mergeRetention<Feature extends { readonly retention: object }>(features: readonly Feature[]) {
  return Object.assign({}, ...features.map(({ retention }) => retention)) as UnionToIntersection<Feature['retention']>;
}

type UnionToIntersection<Union> = (Union extends unknown ? (part: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never;
