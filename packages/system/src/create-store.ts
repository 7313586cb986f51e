import type { AccessStore, ChainedAuditEvent } from '@bulkhead/access';
import {
  createAnsweredRequestRepository,
  createApiKeyRepository,
  createAuditEventRepository,
  createSessionRepository,
} from '@bulkhead/access';
import {
  createBulkExportRepository,
  createExportSlotRepository,
  createIdempotencyKeyRepository,
  createOutputFileRepository,
  createWatermarkRepository,
} from '@bulkhead/bulk-export';
import type { ConnectionStore } from '@bulkhead/connections';
import {
  createAccessTokenRepository,
  createAuthorizationRequestRepository,
  createConnectionDraftRepository,
  createConnectionRepository,
  createSigningKeyRepository,
} from '@bulkhead/connections';
import { createDocumentContentRepository, createDocumentRepository } from '@bulkhead/documents';
import type { ErasureStore } from '@bulkhead/erasure';
import {
  createConnectionEraser,
  createErasureRepository,
  createPatientEraser,
  createRetention,
  createWritingProcessRepository,
  ErasureGate,
  guardInserts,
  listRetentionStates,
  readIdentity,
  readTombstonesDeletedBefore,
  throughGate,
} from '@bulkhead/erasure';
import {
  createHistorySampleRepository,
  createProcessStateRepository,
  type MonitoringStore,
} from '@bulkhead/monitoring';
import { createQuarantineRepository } from '@bulkhead/quarantine';
import type { ResourceStore } from '@bulkhead/resources';
import {
  createKeptOutRepository,
  createResourceChanges,
  createResourceRepository,
  createResourceWriter,
  prepareResourceTypes,
} from '@bulkhead/resources';
import { createScheduleRepository } from '@bulkhead/schedules';
import {
  type CommandObserver,
  createEncryptedFiles,
  createEncryptionKeyRepository,
  createLeases,
  createSecretBox,
  openRawWrites,
  type RawWrites,
  type Rotation,
  rotateEncryptionKey,
  watchCommands,
} from '@bulkhead/store';
import { createCrawlMarkRepository, createSyncRunRepository, createSyncStepRepository } from '@bulkhead/sync';
import type { WebhookStore } from '@bulkhead/webhooks';
import { createWebhookDeliveryRepository } from '@bulkhead/webhooks';
import { createConnection } from 'mongoose';
import { migrate } from './migrate.ts';

export interface StoreOptions {
  readonly uri: string;
  /** 32 bytes. Encrypts secrets, quarantined lines and the keys of files. */
  readonly encryptionKey: Buffer;
  /** Decrypt values that they have encrypted. Never used to encrypt. */
  readonly previousEncryptionKeys?: readonly Buffer[] | undefined;
  /** `api`, `worker` or another kind of program. Shown if an erasure waits for this process. */
  readonly processKind?: string | undefined;
  /** How long audit events are kept. */
  readonly auditDays?: number | undefined;
  /** Called with each audit event when it is stored. It must not throw, and it is not awaited. */
  readonly onAuditEvent?: ((event: ChainedAuditEvent) => void) | undefined;
  /** Whether resources are sent to MongoDB as bytes, if the driver can do it. Default: true. */
  readonly writesRaw?: boolean | undefined;
  /** How many connections to MongoDB this process may open. Each running job and request uses one at a time. */
  readonly maxPoolSize?: number;
  /** Called for each MongoDB command. If it is left out, the driver does not report its commands. */
  readonly onCommand?: CommandObserver | undefined;
}

/** All repositories, and the operations on the database as a whole. */
export interface Store
  extends Omit<AccessStore, 'connections'>,
    Omit<ConnectionStore, 'bulkExports' | 'syncRuns'>,
    Omit<WebhookStore, 'bulkExports' | 'syncRuns'>,
    ResourceStore,
    ErasureStore,
    MonitoringStore {
  /** @throws AppError `encryption-key-missing`, or an error of the driver if MongoDB does not answer within a few seconds. */
  connect(): Promise<void>;
  migrate(options?: { readonly rederivesKeys?: boolean }): Promise<{ readonly resources: number }>;
  /** Encrypts all values with the current key. @param options.dryRun only count the values. */
  rotateEncryptionKey(options: { readonly dryRun: boolean }): Promise<Rotation>;
  /** @throws if MongoDB does not answer. */
  ping(): Promise<void>;
  /** Whether resources are sent to MongoDB as bytes. Known after `connect()`. */
  writesRaw(): boolean;
  close(): Promise<void>;
}

/** HIPAA requires documentation to be kept for six years (45 CFR 164.316(b)(2)(i)). This includes leap days. */
const sixYearsDays = 2192;

/** Creates one repository per collection. It reads and writes nothing before `connect()`. */
export function createStore(options: StoreOptions): Store {
  const { uri, encryptionKey, previousEncryptionKeys, auditDays = sixYearsDays, maxPoolSize = 20, onCommand } = options;
  const { writesRaw = true } = options;
  let rawWrites: RawWrites | undefined;
  const database = createConnection();
  const secretBox = createSecretBox({ current: encryptionKey, previous: previousEncryptionKeys });
  const encryptionKeys = createEncryptionKeyRepository({ database, secretBox });
  const erasures = createErasureRepository(database);
  const keptOut = createKeptOutRepository({ database, secretBox });
  const writingProcesses = createWritingProcessRepository({
    database,
    self: readIdentity(options.processKind ?? 'program'),
    encryptionKeyId: secretBox.currentKeyId,
    verifyKeys: () => encryptionKeys.verify(),
  });
  const gate = new ErasureGate({ erasures, keptOut, processes: writingProcesses });
  const connections = createConnectionRepository({ database, secretBox });
  const connectionDrafts = createConnectionDraftRepository(database, secretBox);
  const accessTokens = createAccessTokenRepository({
    database,
    secretBox,
    noteAuthorization: connections.noteAuthorization,
  });
  const authorizationRequests = createAuthorizationRequestRepository(database, secretBox);
  const signingKeys = createSigningKeyRepository({ database, secretBox });
  const bulkExports = createBulkExportRepository(database);
  const outputFiles = createOutputFileRepository(database, secretBox);
  const files = createEncryptedFiles({ database, bucketName: 'quarantine', secretBox, gate });
  const quarantine = createQuarantineRepository({ database, secretBox, files });
  const documentFiles = createEncryptedFiles({ database, bucketName: 'document_files', secretBox, gate });
  const documents = createDocumentRepository(database);
  const documentContents = createDocumentContentRepository(database, documentFiles);
  const syncRuns = createSyncRunRepository(database);
  const syncSteps = createSyncStepRepository(database);
  const webhookDeliveries = createWebhookDeliveryRepository(database);
  const crawlMarks = createCrawlMarkRepository(database);
  const idempotencyKeys = createIdempotencyKeyRepository(database);
  const watermarks = createWatermarkRepository(database);
  const schedules = createScheduleRepository(database);
  const historySamples = createHistorySampleRepository(database);
  const processStates = createProcessStateRepository(database, secretBox.currentKeyId);
  const apiKeys = createApiKeyRepository(database);
  const answeredRequests = createAnsweredRequestRepository({ database, secretBox });
  const guard = <Repository extends object>(
    repository: Repository,
    inserts: Parameters<typeof guardInserts<Repository>>[0]['inserts'],
  ): Repository =>
    guardInserts({ admit: (connectionId, insert) => gate.admit(connectionId, insert), repository, inserts });
  const encrypted = <Repository extends object>(repository: Repository, ...methods: (keyof Repository)[]): Repository =>
    throughGate({ write: (method) => gate.write(method), repository, methods });
  const auditEvents = createAuditEventRepository({ database, keptDays: auditDays, onAppended: options.onAuditEvent });
  // Every repository with encrypted fields. A key rotation processes only these, so add new ones here.
  const encrypting = [
    connections,
    connectionDrafts,
    accessTokens,
    authorizationRequests,
    signingKeys,
    outputFiles,
    quarantine,
    documentContents,
    keptOut,
    answeredRequests,
  ];
  const encryptedFields = encrypting.flatMap(({ encryptedFields }) => encryptedFields);
  return {
    connections: encrypted(connections, 'insert', 'saveAuth', 'saveWebhook'),
    connectionDrafts: encrypted(connectionDrafts, 'insert'),
    accessTokens: guardInserts({
      admit: (connectionId, insert) => gate.admitToken(connectionId, insert),
      repository: accessTokens,
      inserts: { put: connectionOf, takeLease: connectionOf },
    }),
    authorizationRequests: guard(encrypted(authorizationRequests, 'insert', 'start', 'takeBack'), {
      insert: ({ request }) => request.connectionId,
    }),
    signingKeys: encrypted(signingKeys, 'insert'),
    bulkExports: guard(bulkExports, { insert: ({ record }) => record.connectionId }),
    exportLeases: createLeases({ database, collection: 'bulk_exports' }),
    exportSlots: guard(createExportSlotRepository(database), { take: connectionOf }),
    outputFiles: guard(encrypted(outputFiles, 'refreshLinks'), { insertMissing: connectionOfFirst }),
    quarantine: {
      ...encrypted(quarantine, 'saveCorrection'),
      async put(options) {
        const connectionId = connectionOfFirst(options.lines);
        if (connectionId === undefined) return 0;
        return gate.admit(connectionId, (keptOut) => quarantine.put({ ...options, keptOut }));
      },
    },
    documents: guard(documents, { note: connectionOfFirst }),
    documentContents: guard(documentContents, { claim: connectionOf }),
    watermarks: guard(watermarks, { advance: connectionOf }),
    syncRuns: guard(syncRuns, { insert: connectionOf }),
    syncSteps: guard(syncSteps, { insertMissing: connectionOfFirst }),
    crawlMarks: guard(crawlMarks, { advance: connectionOf }),
    webhookDeliveries: guard(webhookDeliveries, { insertMissing: connectionOf }),
    idempotencyKeys,
    schedules: guard(schedules, { insert: connectionOf }),
    historySamples,
    processStates,
    answeredRequests: encrypted(answeredRequests, 'take', 'save'),
    apiKeys,
    auditEvents,
    sessions: createSessionRepository(database),
    resources: createResourceRepository(database),
    resourceChanges: createResourceChanges(database, {
      deletionsKnownSince: () => readTombstonesDeletedBefore(database),
    }),
    resourceWriter: createResourceWriter({ database, gate, rawWrites: () => rawWrites }),
    erasures,
    writingProcesses,
    gate,
    keptOut: guard(keptOut, { add: connectionOf }),
    patientEraser: createPatientEraser({ database, quarantine, contents: documentContents }),
    connectionEraser: createConnectionEraser({ database, quarantineFiles: files, contents: documentContents }),
    listRetentionStates: () => listRetentionStates(database),
    retention: createRetention({ database, quarantine, contents: documentContents, documentFiles }),
    async connect(): Promise<void> {
      await database.openUri(uri, {
        autoIndex: false,
        autoCreate: false,
        bufferCommands: false,
        maxPoolSize,
        // An acknowledged write survives the loss of the primary, so a checkpoint is never ahead of its data.
        writeConcern: { w: 'majority', journal: true },
        // A secondary can be behind, so a history or a decision that is read from it could miss what was written.
        readPreference: 'primary',
        // Short, so that a request fails with 503 and a job is retried soon if MongoDB is unavailable.
        serverSelectionTimeoutMS: 3000,
        monitorCommands: onCommand !== undefined,
      });
      if (onCommand) watchCommands({ database, onCommand });
      if (writesRaw) rawWrites = await openRawWrites(database);
      try {
        await encryptionKeys.enter(new Date());
        await writingProcesses.removeReplaced();
      } catch (error) {
        await database.destroy();
        throw error;
      }
    },
    migrate: ({ rederivesKeys = false }: { readonly rederivesKeys?: boolean } = {}) =>
      migrate({
        ...{ database, connections, apiKeys, outputFiles, watermarks, secretBox, rederivesKeys },
        encryptionKeys: [encryptionKey, ...(previousEncryptionKeys ?? [])],
      }),
    rotateEncryptionKey: ({ dryRun }: { readonly dryRun: boolean }): Promise<Rotation> =>
      rotateEncryptionKey({
        fields: encryptedFields,
        keys: encryptionKeys,
        async listOtherProcesses() {
          const processes = [
            ...(await processStates.listWithOtherKey(new Date())),
            ...(await writingProcesses.listWithOtherKey()),
          ];
          return processes.map(({ kind, host, pid }) => `${kind} ${host}:${pid}`);
        },
        dryRun,
      }),
    prepareResourceTypes: (resourceTypes: readonly string[]) => prepareResourceTypes(database, resourceTypes),
    /** Reads the version and the clock of the server. @throws if it does not answer. */
    async server(): Promise<{ readonly version: string; readonly now: Date }> {
      const admin = database.getClient().db().admin();
      const { version } = await admin.command({ buildInfo: 1 });
      const { localTime } = await admin.command({ hello: 1 });
      return { version, now: localTime };
    },
    ping: async () => {
      await database.db?.admin().ping();
    },
    writesRaw: () => rawWrites !== undefined,
    async close(): Promise<void> {
      await gate.close();
      await database.destroy();
    },
  };
}

function connectionOf({ connectionId }: { readonly connectionId: string }): string {
  return connectionId;
}

/** All records belong to one connection. */
function connectionOfFirst(records: readonly { readonly connectionId: string }[]): string | undefined {
  return records[0]?.connectionId;
}
