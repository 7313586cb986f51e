import type { paths } from './api-types.ts';
import { type ApiClient, answerOf, createClient } from './client.ts';
import {
  createEnhancedService,
  type EnhancedService,
  type ExportJob,
  type ProcessedExport,
  type SearchParameterValues,
  type SyncRun,
} from './enhanced-service.ts';

export interface HttpServiceOptions {
  /** The URL of the API, such as `https://bulkhead.example.org`. */
  readonly baseUrl: string;
  readonly apiKey: string;
}

const path = { provider: 'athenahealth' };

/** Runs the guide's service over the HTTP API. `fhirClient` searches stored resources, because the API never talks to an EHR. */
export function createHttpService({ baseUrl, apiKey }: HttpServiceOptions): EnhancedService {
  const api = createClient({ url: baseUrl, key: apiKey });
  return createEnhancedService({
    async startExport({ resourceTypes, ...options }) {
      const body = { ...options, ...(resourceTypes === undefined ? {} : { resourceTypes: [...resourceTypes] }) };
      return answerOf(await api.POST('/api/ehr/{provider}/bulk-export', { params: { path }, body })).data as ExportJob;
    },
    async readExport(jobId) {
      const params = { path: { ...path, jobId } };
      return answerOf(await api.GET('/api/ehr/{provider}/bulk-export/{jobId}', { params })).data as ProcessedExport;
    },
    async startSync({ resourceTypes, ...options }) {
      const body = { ...options, ...(resourceTypes === undefined ? {} : { resourceTypes: [...resourceTypes] }) };
      return answerOf(await api.POST('/api/ehr/{provider}/enhanced-sync', { params: { path }, body })).data as SyncRun;
    },
    async readSync(id) {
      const params = { path: { ...path, id } };
      return answerOf(await api.GET('/api/ehr/{provider}/sync-runs/{id}', { params })).data as SyncRun;
    },
    async findConnection(id) {
      return answerOf(await api.GET('/api/ehr/connections/{id}', { params: { path: { id } } })).data;
    },
    search: (options) => searchStored(api, options),
  });
}

async function searchStored(
  api: ApiClient,
  options: { readonly connectionId: string; readonly resourceType: string; readonly parameters: SearchParameterValues },
): Promise<unknown[]> {
  const { connectionId, resourceType: type, parameters } = options;
  const resources: unknown[] = [];
  for (let query = { ...parameters, connectionId } as StoredQuery; ; ) {
    const params = { path: { ...path, type }, query };
    const bundle = answerOf(await api.GET('/api/ehr/{provider}/resources/{type}', { params })) as StoredBundle;
    resources.push(...(bundle.entry ?? []).map(({ resource }) => resource));
    const next = bundle.link.find(({ relation }) => relation === 'next');
    if (!next) return resources;
    query = { ...query, _cursor: new URL(next.url).searchParams.get('_cursor') ?? '' };
  }
}

type StoredQuery = paths['/api/ehr/{provider}/resources/{type}']['get']['parameters']['query'];

interface StoredBundle {
  readonly entry?: readonly { readonly resource: unknown }[];
  readonly link: readonly { readonly relation: string; readonly url: string }[];
}
