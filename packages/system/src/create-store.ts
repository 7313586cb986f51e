import { accessFeature } from '@bulkhead/access';
import { type AuditOptions, auditFeature } from '@bulkhead/access/audit';
import { idempotencyFeature } from '@bulkhead/access/idempotency';
import { runtimeError } from '@bulkhead/base';
import { createSecretBox } from '@bulkhead/base/encryption';
import { connectionFeature } from '@bulkhead/connections';
import { documentFeature } from '@bulkhead/documents';
import { erasureFeature } from '@bulkhead/erasure';
import { enhancedResourceTypes, standardResourceTypes } from '@bulkhead/fhir';
import { exportFeature } from '@bulkhead/imports/export';
import { scheduleFeature } from '@bulkhead/imports/schedules';
import { syncFeature } from '@bulkhead/imports/sync';
import { monitoringFeature } from '@bulkhead/monitoring';
import { listResourceTypes, prepareResourceTypes, resourceFeature, upgradeResources } from '@bulkhead/records';
import { quarantineFeature } from '@bulkhead/records/quarantine';
import { servedExportFeature } from '@bulkhead/serving/bulk';
import {
  type CommandObserver,
  connectionSettingsFor,
  createIndexes,
  Database,
  EncryptionKeyRepository,
  indexBuild,
  isStoreUnavailable,
  listRetentionStates,
  openRawWrites,
  type RawWrites,
  type Rotation,
  rotateEncryptionKey,
  type StoreContext,
  watchCommands,
} from '@bulkhead/store';
import { webhookFeature } from '@bulkhead/webhooks';
import { type Connection, createConnection } from 'mongoose';

/** All features. `createStore` opens them. */
export const features = {
  access: accessFeature,
  audit: auditFeature,
  idempotency: idempotencyFeature,
  connections: connectionFeature,
  documents: documentFeature,
  erasure: erasureFeature,
  exports: exportFeature,
  syncs: syncFeature,
  schedules: scheduleFeature,
  monitoring: monitoringFeature,
  resources: resourceFeature,
  quarantine: quarantineFeature,
  servedExports: servedExportFeature,
  webhooks: webhookFeature,
} as const;

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
  /** What a process measures of its writes. */
  readonly writeObserver?: WriteObserver | undefined;
  /** Called for each MongoDB command. If it is left out, the driver does not report its commands. */
  readonly onCommand?: CommandObserver | undefined;
}

/** Told about each write of resources, quarantined lines and documents. */
export type WriteObserver = Required<
  Pick<ContextOf<'resources'>, 'onWritten'> &
    Pick<ContextOf<'quarantine'>, 'onQuarantined'> &
    Pick<ContextOf<'documents'>, 'onSettled'>
>;
type ContextOf<Name extends keyof typeof features> = Parameters<(typeof features)[Name]['open']>[0];

/** All repositories, and the operations on the database as a whole. */
export type Store = ReturnType<typeof createStore>;
export type RetainedKind = keyof Store['retention'];

/** Creates the stores of all features. It reads and writes nothing before `connect()`. */
export function createStore(options: StoreOptions) {
  const { uri, encryptionKey, previousEncryptionKeys, maxPoolSize = 20, onCommand, writesRaw = true } = options;
  const { onWritten, onQuarantined, onSettled } = options.writeObserver ?? {};
  let rawWrites: RawWrites | undefined;
  const connection = createConnection();
  const database = new Database(connection);
  const secretBox = createSecretBox({ current: encryptionKey, previous: previousEncryptionKeys });
  const encryptionKeys = new EncryptionKeyRepository({ database, secretBox });
  const erasure = features.erasure.open({
    database,
    secretBox,
    verifyKeys: () => encryptionKeys.verify(),
    processKind: options.processKind ?? 'program',
    readKeptOut: () => resources.repositories.keptOut.listAll(),
  });
  const context: StoreContext = { database, secretBox, gate: erasure.repositories.gate };
  const resources = features.resources.open({ ...context, rawWrites: () => rawWrites, onWritten });
  const quarantine = features.quarantine.open({ ...context, onQuarantined });
  const documents = features.documents.open({ ...context, onSettled });
  const exports = features.exports.open({ ...context, ...quarantine.repositories });
  const syncs = features.syncs.open({ ...context, ...quarantine.repositories });
  const monitoring = features.monitoring.open(context);
  // In the order in which they are erased and retained: what is found through other data is before it, and a line that is deleted can free its
  // run, whose deletion can free a tombstone. The connection is last, so that an interrupted erasure still finds it.
  const opened = [
    features.schedules.open(context),
    features.webhooks.open(context),
    quarantine,
    exports,
    syncs,
    resources,
    documents,
    monitoring,
    features.access.open(context),
    features.audit.open({ ...context, ...options }),
    erasure,
    features.idempotency.open(context),
    features.servedExports.open(context),
    features.connections.open(context),
  ] as const;

  const runs = [exports.repositories.bulkExports, syncs.repositories.syncRuns];
  /** The compiler would widen the kinds of records of all features to those of one. */
  type Retention = UnionToIntersection<ReturnType<(typeof opened)[number]['data']>['retention']>;
  const data = opened.map((feature) =>
    feature.data({
      resources: resources.repositories.resources,
      isRunActive: async (id) => (await Promise.all(runs.map((repository) => repository.isActive(id)))).includes(true),
      eraseDocumentsOf: (resourcesOf, pass) =>
        documents.repositories.documentEraser.eraseOfResources(resourcesOf, pass),
      async oldestPending(connectionId) {
        const withLines = await quarantine.repositories.quarantine.listRunsWithOpen(connectionId);
        const oldest = await Promise.all(runs.map((repository) => repository.oldestPending(connectionId, withLines)));
        return oldest.flatMap((time) => time ?? []).toSorted((left, right) => left.getTime() - right.getTime())[0];
      },
    }),
  );

  return {
    ...merge(opened.map(({ repositories }) => repositories)),
    features: data,
    retention: merge(data.map(({ retention }) => retention)) as Retention,
    listRetentionStates: () => listRetentionStates(database),
    /** @throws AppError `encryption-key-missing`, or `unavailable` if MongoDB does not answer within a few seconds. */
    async connect(): Promise<void> {
      const settings = { ...connectionSettingsFor(uri), maxPoolSize, monitorCommands: onCommand !== undefined };
      await connection.openUri(uri, settings).catch((cause: Error) => {
        if (!isStoreUnavailable(cause)) throw cause;
        const message = `MongoDB does not respond (${cause.message}). Check MONGODB_URI, and that MongoDB is running.`;
        throw runtimeError('unavailable', { message, cause });
      });
      if (onCommand) watchCommands({ connection, onCommand });
      if (writesRaw) rawWrites = await openRawWrites(connection);
      try {
        await encryptionKeys.enter(new Date());
        await erasure.repositories.writingProcesses.removeReplaced();
      } catch (error) {
        await connection.destroy();
        throw error;
      }
    },
    migrate: ({ rederivesKeys = false }: { readonly rederivesKeys?: boolean } = {}) =>
      migrate({ connection, database, rederivesKeys }),
    /** Encrypts all values with the current key. @param options.dryRun only count the values. */
    rotateEncryptionKey: ({ dryRun }: { readonly dryRun: boolean }): Promise<Rotation> =>
      rotateEncryptionKey({
        fields: data.flatMap(({ encryptedFields }) => encryptedFields),
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
      const admin = connection.getClient().db().admin();
      const { version } = await admin.command({ buildInfo: 1 });
      const { localTime } = await admin.command({ hello: 1 });
      return { version, now: localTime };
    },
    /** @throws if MongoDB does not respond. */
    ping: async () => {
      await connection.db?.admin().ping();
    },
    /** Whether resources are sent to MongoDB as bytes. Known after `connect()`. */
    writesRaw: () => rawWrites !== undefined,
    async close(): Promise<void> {
      await erasure.repositories.gate.close();
      await connection.destroy();
    },
  };
}

/** The fields of all parts, in the order of the parts. */
function merge<Part extends object>(parts: readonly Part[]) {
  return Object.assign({}, ...parts) as UnionToIntersection<Part>;
}

type UnionToIntersection<Union> = (Union extends unknown ? (part: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never;

/**
 * Creates the collections and indexes that the guide's exports need, so that no download has to create them. Run it at each
 * deployment. A second run changes nothing.
 * @returns how many stored resources had their search keys derived
 */
async function migrate(options: {
  readonly connection: Connection;
  readonly database: Database;
  /** Repeat what has changed stored resources, because processes of an earlier version may have written since. */
  readonly rederivesKeys: boolean;
}): Promise<{ readonly resources: number }> {
  const { connection, database, rederivesKeys: again } = options;
  await createIndexes(connection);
  // The index from the GridFS specification. The driver would create it during the first upload, and a worker should not wait for it.
  for (const bucketName of Object.values(features).flatMap(({ buckets }) => buckets)) {
    await database
      .collection(`${bucketName}.chunks`)
      .createIndex({ files_id: 1, n: 1 }, { unique: true, ...indexBuild });
  }
  const stored = await listResourceTypes(database);
  const resourceTypes = [...new Set([...standardResourceTypes, ...enhancedResourceTypes, ...stored])];
  await prepareResourceTypes(database, resourceTypes, indexBuild);
  return { resources: await upgradeResources({ database, resourceTypes: stored, again }) };
}

/** The options of the store of a process, from its environment. */
export function storeOptions(config: {
  readonly MONGODB_URI: string;
  readonly BULKHEAD_ENCRYPTION_KEY: Buffer;
  readonly BULKHEAD_PREVIOUS_ENCRYPTION_KEYS?: readonly Buffer[] | undefined;
  readonly BULKHEAD_AUDIT_DAYS?: number | undefined;
}): StoreOptions {
  return {
    uri: config.MONGODB_URI,
    encryptionKey: config.BULKHEAD_ENCRYPTION_KEY,
    previousEncryptionKeys: config.BULKHEAD_PREVIOUS_ENCRYPTION_KEYS,
    auditDays: config.BULKHEAD_AUDIT_DAYS,
  };
}
