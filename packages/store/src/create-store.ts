import { createConnection } from 'mongoose';
import { createApiKeyRepository } from './api-key.repository.ts';
import { createBulkExportRepository } from './bulk-export.repository.ts';
import { createConnectionRepository } from './connection.repository.ts';
import { createCrawlMarkRepository } from './crawl-mark.repository.ts';
import { createDocumentRepository } from './document.repository.ts';
import { createDocumentContentRepository } from './document-content.repository.ts';
import { createIdempotencyKeyRepository } from './idempotency-key.repository.ts';
import { migrate, prepareResourceTypes } from './migrate.ts';
import { createOutputFileRepository } from './output-file.repository.ts';
import { createQuarantineRepository } from './quarantine.repository.ts';
import { createResourceRepository } from './resource.repository.ts';
import { createResourceWriter } from './resource.writer.ts';
import { createScheduleRepository } from './schedule.repository.ts';
import { createSealedFiles } from './sealed-files.ts';
import { createSecretBox } from './secret-box.ts';
import { createSyncRunRepository } from './sync-run.repository.ts';
import { createSyncStepRepository } from './sync-step.repository.ts';
import { createWatermarkRepository } from './watermark.repository.ts';
import { createWebhookDeliveryRepository } from './webhook-delivery.repository.ts';

export interface StoreOptions {
  readonly uri: string;
  /** 32 bytes; seals secrets and quarantined lines. */
  readonly encryptionKey: Buffer;
  /** Connections to MongoDB of this process; each running job and request needs one at a time. */
  readonly maxPoolSize?: number;
}

export type Store = ReturnType<typeof createStore>;

/** One repository per collection. Nothing is read or written before `connect()`. */
export function createStore({ uri, encryptionKey, maxPoolSize = 20 }: StoreOptions) {
  const database = createConnection();
  const secretBox = createSecretBox(encryptionKey);
  const connections = createConnectionRepository({ database, secretBox });
  const bulkExports = createBulkExportRepository(database);
  const outputFiles = createOutputFileRepository(database);
  const files = createSealedFiles({ database, bucketName: 'quarantine', key: encryptionKey });
  const quarantine = createQuarantineRepository({ database, secretBox, files });
  const documentFiles = createSealedFiles({ database, bucketName: 'document_files', key: encryptionKey });
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
  return {
    connections,
    bulkExports,
    outputFiles,
    quarantine,
    documents,
    documentContents,
    watermarks,
    syncRuns,
    syncSteps,
    crawlMarks,
    webhookDeliveries,
    idempotencyKeys,
    schedules,
    apiKeys,
    resources: createResourceRepository(database),
    resourceWriter: createResourceWriter(database),
    /** @throws where MongoDB does not answer within some seconds. */
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
      });
    },
    migrate: () => migrate(database),
    prepareResourceTypes: (resourceTypes: readonly string[]) => prepareResourceTypes({ database, resourceTypes }),
    /** @throws where MongoDB does not answer. */
    ping: async () => {
      await database.db?.admin().ping();
    },
    close: () => database.close(),
  };
}
