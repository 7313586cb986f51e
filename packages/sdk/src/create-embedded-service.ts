import { parseRequest } from '@bulkhead/base';
import type { EgressProxy } from '@bulkhead/base/egress';
import { createEnhancedService, type EnhancedService } from '@bulkhead/client';
import {
  checkPaging,
  createEhrClient,
  type EhrSession,
  type PagingState,
  readSearchPage,
  searchUrl,
} from '@bulkhead/ehr';
import { createProviderRegistry, type ProviderSettings } from '@bulkhead/ehr/providers';
import type { BulkExport } from '@bulkhead/imports/export';
import { bulkExportRequestSchema, toStatusView } from '@bulkhead/imports/export/commands';
import { type SyncRunState, syncBodySchema, toSyncedView, toSyncRunView } from '@bulkhead/imports/sync/commands';
import { connectRedis, disconnectRedis, Producer } from '@bulkhead/queues';
import { createServices, createStore } from '@bulkhead/system';
import { sdkError } from './errors.ts';

export interface EmbeddedServiceOptions {
  readonly redisUrl: string;
  readonly mongodbUri: string;
  /** 32 bytes. The same key as BULKHEAD_ENCRYPTION_KEY of the deployment. */
  readonly encryptionKey: Buffer;
  readonly previousEncryptionKeys?: readonly Buffer[];
  /** The prefix of every key in Redis, the same as that of the deployment. */
  readonly prefix: string;
  readonly providers: ProviderSettings;
  /** For searches, which this process sends itself. */
  readonly proxy?: EgressProxy | undefined;
}

const provider = 'athenahealth';
/** A caller that has the encryption key of the deployment can read everything, so there is no point in a narrower scope. */
const scope = 'all';

/** Runs the guide's service inside a program. Like the API it stores records and enqueues jobs, and the workers run the jobs. */
export async function createEmbeddedService(options: EmbeddedServiceOptions): Promise<EnhancedService> {
  const { redisUrl, mongodbUri, encryptionKey, previousEncryptionKeys, prefix, providers, proxy } = options;
  const onError = () => undefined;
  const redis = connectRedis({ url: redisUrl, waiting: true, onError });
  const store = createStore({ uri: mongodbUri, encryptionKey, previousEncryptionKeys });
  await store.connect();
  const registry = createProviderRegistry(providers);
  const producer = new Producer({ redis, prefix, onError });
  const ehr = createEhrClient({
    proxy,
    registry,
    redis,
    prefix,
    tokenStore: store.accessTokens,
    signingKeys: store.signingKeys,
  });
  const { connections, bulkExports, syncs } = createServices({
    ...{ store, producer, registry, redis, prefix },
    configuration: { exposed: [], encryptionKeySource: 'the options of the embedded service' },
  });

  const toJob = async (record: BulkExport) => {
    const files = record.phase === 'completed' ? await store.outputFiles.listByExport(record.id) : [];
    // Signed URLs may be included, because the result never leaves the caller's process.
    return toStatusView({ record, files, isOperator: false, withSignedUrls: true });
  };
  const toRun = ({ run, ...state }: SyncRunState) => ({
    ...toSyncedView({ run, ...state }),
    ...toSyncRunView(run, { isOperator: false }),
  });

  return createEnhancedService({
    async startExport(request) {
      const body = parseRequest(bulkExportRequestSchema, request);
      return toJob((await bulkExports.start({ provider, body, scope })).record);
    },
    readExport: async (id) => toJob((await bulkExports.get({ provider, id, scope })).record),

    async startSync(request) {
      const body = parseRequest(syncBodySchema, request);
      return toRun(await syncs.start({ provider, body, scope, waitMs: 0 }));
    },
    readSync: async (id) => toRun(await syncs.get({ provider, id, scope })),

    findConnection: (id) => connections.find({ provider, id, scope }),

    async search({ connectionId, endpoint, ...search }) {
      const { id } = await connections.find({ provider, id: connectionId, scope });
      const connection = await store.connections.findWithSecrets(id);
      if (connection?.fhirEndpoint !== endpoint) throw sdkError('unknown-endpoint');
      return searchAll({ session: ehr.session(connection), ...search });
    },

    async close() {
      await producer.close();
      ehr.close();
      await store.close();
      disconnectRedis(redis);
    },
  });
}

async function searchAll(options: {
  readonly session: EhrSession;
  readonly resourceType: string;
  readonly parameters: Readonly<Record<string, string | number | readonly string[] | undefined>>;
}): Promise<unknown[]> {
  const { session, resourceType, parameters } = options;
  const { connection, provider: settings } = session;
  const texts = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  const first = searchUrl({ connection, provider: settings, resourceType, parameters: Object.fromEntries(texts) });
  const resources: unknown[] = [];
  let paging: PagingState = { pages: 0 };
  for (let url = first; ; ) {
    const { entries, nextUrl } = await readSearchPage({ session, url, priority: 'interactive' });
    resources.push(...entries.filter(({ hasResource }) => hasResource).map(({ content }) => content));
    if (nextUrl === undefined) break;
    const pages = paging.pages + 1;
    const checked = checkPaging({ ...paging, pages, url, nextUrl });
    if ('error' in checked) throw checked.error;
    paging = { ...checked, pages };
    url = nextUrl;
  }
  // This turns exact numbers into plain ones, because programs calculate with them. Stored resources keep the exact text.
  return JSON.parse(JSON.stringify(resources)) as unknown[];
}
