import { ApiError, type ErrorCode } from './client.ts';
import { clientError } from './errors.ts';

interface ExportOptions {
  readonly exportType?: 'Patient' | 'Group' | 'System';
  readonly resourceTypes?: readonly string[];
  /** `last` continues where the last export of these types ended. */
  readonly since?: Date | string;
}

/** A bulk export in the shape that the guide's code expects. */
export interface ExportJob {
  readonly id: string;
  readonly status: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED' | 'CANCELLED';
  readonly startedAt: string;
  readonly statusUrl?: string;
  readonly completedAt?: string;
  readonly outputUrls?: readonly string[];
  readonly errorCode?: string;
  /** Says what happened and what to do. */
  readonly errorMessage?: string;
}

export interface ProcessedExport extends ExportJob {
  readonly counts: { readonly stored: number; readonly stale: number; readonly quarantined: number };
}

interface SyncOptions {
  readonly includeStandard?: boolean;
  readonly includeEnhanced?: boolean;
  readonly resourceTypes?: readonly string[];
  readonly since?: Date | string;
}

export interface SyncResult {
  readonly standardResources: number;
  readonly enhancedResources: number;
  readonly total: number;
  readonly skipped: readonly { readonly resourceType: string; readonly reason: string }[];
}

/** A sync that may still run. */
export interface SyncRun extends SyncResult {
  /** Absent if the sync is complete. */
  readonly status?: string;
  readonly id?: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
}

/** The values that a program needs for its own searches. */
export interface ServiceConnection {
  readonly id: string;
  readonly fhirEndpoint: string;
  /** A handle for `fhirClient`, not the token itself. */
  readonly accessToken: string;
  /** The patient, if the connection is about a single patient. */
  readonly userId?: string;
}

export type SearchParameterValues = Readonly<Record<string, string | number | readonly string[] | undefined>>;

interface FhirClient {
  /**
   * Returns all matches of a search. It reads all pages.
   * @param endpoint `fhirEndpoint` from `getConnection`
   * @param accessToken `accessToken` from the same call of `getConnection`
   */
  searchResources(
    endpoint: string,
    accessToken: string,
    resourceType: string,
    parameters: SearchParameterValues,
    // biome-ignore lint/suspicious/noExplicitAny: the guide's code reads elements of the type that it searched for.
  ): Promise<any[]>;
}

/** The service of the athenahealth integration guide. Its errors have a stable `code`, and a message that says what to do. */
export interface EnhancedService {
  initiateBulkExport(connectionId: string, options?: ExportOptions): Promise<ExportJob>;
  checkBulkExportStatus(jobId: string): Promise<ExportJob>;
  /**
   * Waits until the workers have stored all data of the export.
   * @throws ApiError with the error of the export if it failed or was cancelled.
   */
  processBulkExportData(jobId: string): Promise<ProcessedExport>;
  /** Waits until the sync is complete, no matter how long it takes. @throws ApiError if a part of it failed. */
  enhancedSync(connectionId: string, options?: SyncOptions): Promise<SyncResult>;
  getConnection(connectionId: string): Promise<ServiceConnection>;
  readonly fhirClient: FhirClient;
  close(): Promise<void>;
}

/** What the service needs of the API. */
interface Backend {
  startExport(request: StartRequest<ExportOptions>): Promise<ExportJob>;
  readExport(jobId: string): Promise<ProcessedExport>;
  /** @returns the complete sync, or the run to wait for */
  startSync(request: StartRequest<SyncOptions>): Promise<SyncRun>;
  readSync(runId: string): Promise<SyncRun>;
  findConnection(connectionId: string): Promise<Omit<ServiceConnection, 'accessToken'>>;
  search(options: {
    readonly connectionId: string;
    readonly resourceType: string;
    readonly parameters: SearchParameterValues;
  }): Promise<unknown[]>;
}

type StartRequest<Options> = Omit<Options, 'since'> & { readonly connectionId: string; readonly since?: string };

/** The API itself checks a running sync as often as this, and an export takes minutes. */
const pollEveryMs = 1000;
/** How long the API may be unavailable while a call waits for a run. Enough for an upgrade of it. */
const giveUpAfterMs = 5 * 60_000;
const handlePrefix = 'bulkhead:';

export function createEnhancedService(backend: Backend): EnhancedService {
  return {
    initiateBulkExport: (connectionId, options) => backend.startExport({ connectionId, ...toBody(options) }),
    checkBulkExportStatus: (jobId) => backend.readExport(jobId),

    async processBulkExportData(jobId) {
      const read = outlasting(() => backend.readExport(jobId));
      let job = await read();
      for (; job.status === 'IN_PROGRESS'; job = await read()) await pause();
      if (job.status !== 'COMPLETED')
        throw toError(job, { code: 'export-cancelled', ...clientError.table['export-cancelled'] });
      return job;
    },

    async enhancedSync(connectionId, options) {
      let run = await backend.startSync({ connectionId, ...toBody(options) });
      const { id } = run;
      const read = id === undefined ? undefined : outlasting(() => backend.readSync(id), { hasAnswered: true });
      for (; read && run.status === 'IN_PROGRESS'; run = await read()) await pause();
      if (run.status !== undefined && run.status !== 'COMPLETED')
        throw toError(run, { code: 'sync-incomplete', message: 'The sync did not complete.' });
      return run;
    },

    async getConnection(connectionId) {
      const { id, fhirEndpoint, userId } = await backend.findConnection(connectionId);
      const accessToken = `${handlePrefix}${id}`;
      return { id, fhirEndpoint, accessToken, ...(userId === undefined ? {} : { userId }) };
    },

    fhirClient: {
      searchResources: async (_endpoint, accessToken, resourceType, parameters) =>
        backend.search({ connectionId: connectionIdOf(accessToken), resourceType, parameters }),
    },

    close: () => Promise.resolve(),
  };
}

function toBody<Options extends { readonly since?: Date | string }>({ since, ...options }: Options = {} as Options) {
  return { ...options, ...(since === undefined ? {} : { since: since instanceof Date ? since.toISOString() : since }) };
}

/** The real token never leaves Bulkhead, which renews it, so the handle does not expire. */
function connectionIdOf(accessToken: string): string {
  if (accessToken.startsWith(handlePrefix)) return accessToken.slice(handlePrefix.length);
  throw new ApiError({ status: 0, code: 'unknown-token', ...clientError.table['unknown-token'] });
}

function toError(
  { errorCode, errorMessage }: Pick<SyncRun, 'errorCode' | 'errorMessage'>,
  fallback: { readonly code: ErrorCode; readonly message: string },
): ApiError {
  if (errorCode === undefined) return new ApiError({ status: 0, ...fallback });
  return new ApiError({ status: 0, code: errorCode as ErrorCode, message: errorMessage ?? fallback.message });
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pollEveryMs));
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
        if (!isTemporary(error) || performance.now() >= giveUpAt) throw error;
      }
      await pause();
    }
  };
}

/** Whether the API, or a proxy in front of it, was unavailable. */
function isTemporary(error: unknown): boolean {
  const { code = '' } = error as { readonly code?: string };
  return code === 'no-answer' || code === 'unavailable' || /^status-50[234]$/.test(code);
}
