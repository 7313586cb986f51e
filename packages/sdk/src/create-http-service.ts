import { setTimeout } from 'node:timers/promises';
import { AppError, type ErrorCode } from '@bulkhead/runtime';
import {
  connectionIdOf,
  type EnhancedService,
  type ExportJob,
  fromExportOptions,
  fromSyncOptions,
  type ProcessedExport,
  type SyncResult,
  tokenHandle,
  untilEnded,
} from './enhanced-service.ts';
import { sdkError } from './errors.ts';

export interface HttpServiceOptions {
  /** The URL of the API, such as `https://bulkhead.example.org`. */
  readonly baseUrl: string;
  readonly apiKey: string;
}

interface SyncRunAnswer extends SyncResult {
  readonly status?: string;
  readonly url?: string;
  readonly errorCode?: ErrorCode;
  readonly errorMessage?: string;
}

const provider = 'athenahealth';
/** The API itself checks a running sync as often as this. */
const pollEveryMs = 1000;
/** How long the API may be unavailable while a call waits for a run. Enough for an upgrade of it. */
const giveUpAfterMs = 5 * 60_000;

/** Runs the guide's service over the HTTP API. `fhirClient` searches stored resources, because the API never talks to an EHR. */
export function createHttpService({ baseUrl, apiKey }: HttpServiceOptions): EnhancedService {
  const request = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(new URL(`/api/ehr/${path}`, baseUrl), {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw noAnswer({
        message: 'The API did not answer. Verify its URL and that it is running, and try again.',
        cause,
      });
    });
    const answer = (await response.json().catch((cause: unknown) => {
      const message = 'The answer is not one of the API. Verify its URL and the proxies in front of it, and try again.';
      throw noAnswer({ message, status: response.status, cause });
    })) as { error?: { code: ErrorCode; message: string; details?: unknown } };
    if (response.ok) return answer;
    const { code = 'internal', message = `The API answered ${response.status}.`, details } = answer.error ?? {};
    const retry = code === 'unavailable' ? 'later' : 'never';
    throw new AppError({ code, message, retry, context: { details } });
  };
  const data = async <Data>(method: string, path: string, body?: unknown): Promise<Data> =>
    ((await request(method, path, body)) as { data: Data }).data;
  const check = (jobId: string) =>
    data<ProcessedExport & { errorCode?: ErrorCode }>('GET', `${provider}/bulk-export/${encodeURIComponent(jobId)}`);

  return {
    initiateBulkExport: (connectionId, options) =>
      data<ExportJob>('POST', `${provider}/bulk-export`, { connectionId, ...fromExportOptions(options) }),
    checkBulkExportStatus: check,
    processBulkExportData: (jobId) => untilEnded(outlasting(() => check(jobId))),

    async enhancedSync(connectionId, options) {
      const body = { connectionId, ...fromSyncOptions(options) };
      let run = await data<SyncRunAnswer>('POST', `${provider}/enhanced-sync`, body);
      const path = run.url?.replace('/api/ehr/', '');
      if (path !== undefined) {
        const read = outlasting(() => data<SyncRunAnswer>('GET', path), { hasAnswered: true });
        for (; run.status === 'IN_PROGRESS'; run = await read()) await setTimeout(pollEveryMs);
      }
      if (run.status === undefined || run.status === 'COMPLETED') return run;
      const { errorCode: code = 'sync-incomplete', errorMessage: message = 'The sync did not complete.' } = run;
      throw new AppError({ code, message, retry: 'never' });
    },

    async getConnection(connectionId) {
      const path = `connections/${encodeURIComponent(connectionId)}`;
      const { id, fhirEndpoint, userId } = await data<{ id: string; fhirEndpoint: string; userId?: string }>(
        'GET',
        path,
      );
      return { id, fhirEndpoint, accessToken: tokenHandle(id), ...(userId === undefined ? {} : { userId }) };
    },

    fhirClient: {
      async searchResources(_endpoint, accessToken, resourceType, parameters) {
        const query = new URLSearchParams({ connectionId: connectionIdOf(accessToken) });
        for (const [name, values] of Object.entries(parameters)) {
          for (const value of [values ?? []].flat()) query.append(name, String(value));
        }
        const resources: unknown[] = [];
        for (let path: string | undefined = `${provider}/resources/${resourceType}?${query}`; path !== undefined; ) {
          const bundle = (await request('GET', path)) as StoredBundle;
          resources.push(...(bundle.entry ?? []).map(({ resource }) => resource));
          path = bundle.link.find(({ relation }) => relation === 'next')?.url.replace(/^.*\/api\/ehr\//, '');
        }
        return resources;
      },
    },

    close: () => Promise.resolve(),
  };
}

/**
 * Repeats a read while the API does not answer, for some minutes. A read that never had an answer is not repeated, because the URL may
 * be wrong.
 */
function outlasting<State>(read: () => Promise<State>, { hasAnswered = false } = {}): () => Promise<State> {
  let giveUpAt = hasAnswered ? performance.now() + giveUpAfterMs : 0;
  return async () => {
    for (;;) {
      try {
        const state = await read();
        giveUpAt = performance.now() + giveUpAfterMs;
        return state;
      } catch (error) {
        if (!(error instanceof AppError) || error.retry === 'never' || performance.now() >= giveUpAt) throw error;
      }
      await setTimeout(pollEveryMs);
    }
  };
}

/** The code is that of the client package. */
function noAnswer(options: { readonly message: string; readonly status?: number; readonly cause: unknown }): AppError {
  const { message, status, cause } = options;
  return sdkError('no-answer', { message, context: { status }, cause });
}

interface StoredBundle {
  readonly entry?: readonly { readonly resource: unknown }[];
  readonly link: readonly { readonly relation: string; readonly url: string }[];
}
