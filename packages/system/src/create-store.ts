import type { AuditOptions } from '@bulkhead/access/audit';
import { runtimeError } from '@bulkhead/base';
import { createSecretBox } from '@bulkhead/base/encryption';
import {
  type CommandObserver,
  connectionSettingsFor,
  Database,
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
import { createConnection } from 'mongoose';
import { features } from './features.ts';
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
  const access = features.access.open(context);
  const audit = features.audit.open({ ...context, ...options });
  const idempotency = features.idempotency.open(context);
  const connections = features.connections.open(context);
  const resources = features.resources.open({ ...context, rawWrites: () => rawWrites, onWritten });
  const servedExports = features.servedExports.open(context);
  const quarantine = features.quarantine.open({ ...context, onQuarantined });
  const documents = features.documents.open({ ...context, onSettled });
  const webhooks = features.webhooks.open(context);
  const bulkExport = features.exports.open({ ...context, ...quarantine.repositories });
  const sync = features.syncs.open({ ...context, ...quarantine.repositories });
  const schedules = features.schedules.open(context);
  const monitoring = features.monitoring.open(context);

  const runs = [bulkExport.repositories.bulkExports, sync.repositories.syncRuns];
  // In the order in which they are erased and retained: what is found through other data is before it, and a line that is deleted can free its
  // run, whose deletion can free a tombstone.
  const data = [
    schedules.data(),
    webhooks.data(),
    quarantine.data({
      isRunActive: async (id) => (await Promise.all(runs.map((repository) => repository.isActive(id)))).includes(true),
    }),
    bulkExport.data(),
    sync.data(),
    resources.data({
      eraseDocumentsOf: (resourcesOf, pass) =>
        documents.repositories.documentEraser.eraseOfResources(resourcesOf, pass),
      async oldestPending(connectionId) {
        const withLines = await quarantine.repositories.quarantine.listRunsWithOpen(connectionId);
        const oldest = await Promise.all(runs.map((repository) => repository.oldestPending(connectionId, withLines)));
        return oldest.flatMap((time) => time ?? []).toSorted((left, right) => left.getTime() - right.getTime())[0];
      },
    }),
    documents.data(resources.repositories.resources),
    monitoring.data(),
    access.data(),
    audit.data(),
    erasure.data(),
    idempotency.data(),
    servedExports.data(),
    // Last, so that an interrupted erasure still finds the connection.
    connections.data(),
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
    features: data,
    retention: mergeRetention(data),
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

/** The steps of all features, in the order of the features. */
function mergeRetention<Feature extends { readonly retention: object }>(features: readonly Feature[]) {
  return Object.assign({}, ...features.map(({ retention }) => retention)) as UnionToIntersection<Feature['retention']>;
}

type UnionToIntersection<Union> = (Union extends unknown ? (part: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never;
