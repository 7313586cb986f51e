import type { AccessStore, ChainedAuditEvent } from '@bulkhead/access';
import { createApiKeyRepository, createAuditEventRepository, createSessionRepository } from '@bulkhead/access';
import {
  createBulkExportRepository,
  createExportLeaseRepository,
  createIdempotencyKeyRepository,
  createOutputFileRepository,
  createWatermarkRepository,
} from '@bulkhead/bulk-export';
import type { ConnectionStore } from '@bulkhead/connections';
import {
  createAccessTokenRepository,
  createAuthorizationRequestRepository,
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
  ErasureGate,
  guardInserts,
  listRetentionStates,
} from '@bulkhead/erasure';
import type { MonitoringStore } from '@bulkhead/monitoring';
import { createQuarantineRepository } from '@bulkhead/quarantine';
import type { ResourceStore } from '@bulkhead/resources';
import {
  createKeptOutRepository,
  createResourceRepository,
  createResourceWriter,
  prepareResourceTypes,
} from '@bulkhead/resources';
import { createScheduleRepository } from '@bulkhead/schedules';
import {
  type CommandObserver,
  createEncryptionKeyRepository,
  createSealedFiles,
  createSecretBox,
  type RotationReport,
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
  /** 32 bytes; seals secrets, quarantined lines and the keys of files. */
  readonly encryptionKey: Buffer;
  /** Open what they have sealed; seal nothing. */
  readonly previousEncryptionKeys?: readonly Buffer[] | undefined;
  /** How long audit events are kept. */
  readonly auditDays?: number | undefined;
  /** Called with each audit event as it is stored. It must not throw. No caller waits for it. */
  readonly onAuditEvent?: ((event: ChainedAuditEvent) => void) | undefined;
  /** Connections to MongoDB of this process; each running job and request needs one at a time. */
  readonly maxPoolSize?: number;
  /** Left out: the driver does not tell of its commands. */
  readonly onCommand?: CommandObserver | undefined;
}

/** Every repository, and what is done to the database as a whole. */
export interface Store
  extends Omit<AccessStore, 'connections'>,
    Omit<ConnectionStore, 'bulkExports' | 'syncRuns'>,
    Omit<WebhookStore, 'bulkExports' | 'syncRuns'>,
    ResourceStore,
    ErasureStore,
    MonitoringStore {
  /** @throws if MongoDB does not answer within some seconds; AppError `encryption-key-missing`. */
  connect(): Promise<void>;
  migrate(options?: { readonly rederivesKeys?: boolean }): Promise<{ readonly resources: number }>;
  /** Encrypts everything with the current key. @param options.dryRun counts only. */
  rotateEncryptionKey(options: { readonly dryRun: boolean }): Promise<RotationReport[]>;
  /** @throws if MongoDB does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** HIPAA asks for six years of documentation (45 CFR 164.316(b)(2)(i)); leap days are in it. */
const sixYearsDays = 2192;

/** One repository per collection. Nothing is read or written before `connect()`. */
export function createStore(options: StoreOptions): Store {
  const { uri, encryptionKey, previousEncryptionKeys, auditDays = sixYearsDays, maxPoolSize = 20, onCommand } = options;
  const database = createConnection();
  const secretBox = createSecretBox({ current: encryptionKey, previous: previousEncryptionKeys });
  const encryptionKeys = createEncryptionKeyRepository({ database, secretBox });
  const connections = createConnectionRepository({ database, secretBox });
  const accessTokens = createAccessTokenRepository({
    database,
    secretBox,
    noteAuthorization: connections.noteAuthorization,
  });
  const authorizationRequests = createAuthorizationRequestRepository({ database, secretBox });
  const signingKeys = createSigningKeyRepository({ database, secretBox });
  const bulkExports = createBulkExportRepository(database);
  const outputFiles = createOutputFileRepository({ database, secretBox });
  const files = createSealedFiles({ database, bucketName: 'quarantine', secretBox });
  const quarantine = createQuarantineRepository({ database, secretBox, files });
  const documentFiles = createSealedFiles({ database, bucketName: 'document_files', secretBox });
  const documents = createDocumentRepository(database);
  const documentContents = createDocumentContentRepository({ database, files: documentFiles });
  const syncRuns = createSyncRunRepository(database);
  const syncSteps = createSyncStepRepository(database);
  const webhookDeliveries = createWebhookDeliveryRepository(database);
  const crawlMarks = createCrawlMarkRepository(database);
  const idempotencyKeys = createIdempotencyKeyRepository(database);
  const watermarks = createWatermarkRepository(database);
  const schedules = createScheduleRepository(database);
  const apiKeys = createApiKeyRepository(database);
  const erasures = createErasureRepository(database);
  const keptOut = createKeptOutRepository({ database, secretBox });
  const gate = new ErasureGate({ erasures, keptOut });
  const guard = <Repository extends object>(
    repository: Repository,
    inserts: Parameters<typeof guardInserts<Repository>>[0]['inserts'],
  ): Repository => guardInserts({ check: (connectionId) => gate.check(connectionId), repository, inserts });
  const auditEvents = createAuditEventRepository({
    database,
    keptDays: auditDays,
    onAppended: options.onAuditEvent,
  });
  // Every repository that seals something says where; a new one joins here.
  const sealing = [
    connections,
    accessTokens,
    authorizationRequests,
    signingKeys,
    outputFiles,
    quarantine,
    documentContents,
    keptOut,
  ];
  const places = sealing.flatMap(({ sealedPlaces }) => sealedPlaces);
  return {
    connections,
    accessTokens: guardInserts({
      check: (connectionId) => gate.checkToken(connectionId),
      repository: accessTokens,
      inserts: { put: connectionOf, takeLease: connectionOf },
    }),
    authorizationRequests: guard(authorizationRequests, { insert: ({ request }) => request.connectionId }),
    signingKeys,
    bulkExports: guard(bulkExports, { insert: ({ record }) => record.connectionId }),
    exportLeases: createExportLeaseRepository(database),
    outputFiles: guard(outputFiles, { insertMissing: connectionOfFirst }),
    quarantine: guard(quarantine, { put: ({ lines }) => connectionOfFirst(lines) }),
    documents: guard(documents, { note: connectionOfFirst }),
    documentContents: guard(documentContents, { claim: connectionOf }),
    watermarks: guard(watermarks, { advance: connectionOf }),
    syncRuns: guard(syncRuns, { insert: connectionOf }),
    syncSteps: guard(syncSteps, { insertMissing: connectionOfFirst }),
    crawlMarks: guard(crawlMarks, { advance: connectionOf }),
    webhookDeliveries: guard(webhookDeliveries, { insertMissing: connectionOf }),
    idempotencyKeys,
    schedules: guard(schedules, { insert: connectionOf }),
    apiKeys,
    auditEvents,
    sessions: createSessionRepository(database),
    resources: createResourceRepository(database),
    resourceWriter: createResourceWriter({ database, gate }),
    erasures,
    keptOut,
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
        // An acknowledged write survives the loss of the primary: a checkpoint must never be ahead of its data.
        writeConcern: { w: 'majority', journal: true },
        // Short, so that a request gets its 503 and a job its retry while MongoDB is away.
        serverSelectionTimeoutMS: 3000,
        monitorCommands: onCommand !== undefined,
      });
      if (onCommand) watchCommands({ database, onCommand });
      try {
        await encryptionKeys.enter(new Date());
      } catch (error) {
        await database.close();
        throw error;
      }
    },
    migrate: ({ rederivesKeys = false }: { readonly rederivesKeys?: boolean } = {}) =>
      migrate({ database, apiKeys, outputFiles, encryptionKey, secretBox, rederivesKeys }),
    rotateEncryptionKey: ({ dryRun }: { readonly dryRun: boolean }): Promise<RotationReport[]> =>
      rotateEncryptionKey({ places, keys: encryptionKeys, dryRun }),
    prepareResourceTypes: (resourceTypes: readonly string[]) => prepareResourceTypes({ database, resourceTypes }),
    /** The server's version, and what its clock says. @throws where it does not answer. */
    async server(): Promise<{ readonly version: string; readonly now: Date }> {
      const admin = database.getClient().db().admin();
      const { version } = await admin.command({ buildInfo: 1 });
      const { localTime } = await admin.command({ hello: 1 });
      return { version, now: localTime };
    },
    ping: async () => {
      await database.db?.admin().ping();
    },
    close: () => database.close(),
  };
}

function connectionOf({ connectionId }: { readonly connectionId: string }): string {
  return connectionId;
}

/** Of records of one connection. */
function connectionOfFirst(records: readonly { readonly connectionId: string }[]): string | undefined {
  return records[0]?.connectionId;
}
