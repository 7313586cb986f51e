import { setTimeout } from 'node:timers/promises';
import type { BulkExportStatus, ExportCounts } from '@bulkhead/bulk-export';
import type { ExportType } from '@bulkhead/fhir';
import { AppError, type ErrorCode } from '@bulkhead/runtime';
import type { SkippedType } from '@bulkhead/sync';
import { sdkError } from './errors.ts';

interface ExportOptions {
  readonly exportType?: ExportType;
  readonly resourceTypes?: readonly string[];
  /** `last` continues where the last export of these types ended. */
  readonly since?: Date | string;
}

/** A bulk export in the shape that the guide's code expects. */
export interface ExportJob {
  readonly id: string;
  readonly status: BulkExportStatus;
  readonly startedAt: string;
  readonly statusUrl?: string;
  readonly completedAt?: string;
  readonly outputUrls?: readonly string[];
  /** Says what happened and what to do. */
  readonly errorMessage?: string;
}

export interface ProcessedExport extends ExportJob {
  readonly counts: ExportCounts;
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
  readonly skipped: readonly SkippedType[];
}

/** The values that a program needs for its own searches. */
export interface ServiceConnection {
  readonly id: string;
  readonly fhirEndpoint: string;
  /** A handle for `fhirClient`, not the token itself. See `token-handle.ts`. */
  readonly accessToken: string;
  /** The patient, if the connection is about a single patient. */
  readonly userId?: string;
}

export type SearchParameterValues = Readonly<Record<string, string | number | readonly string[] | undefined>>;

export interface FhirClient {
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

/** The service of the athenahealth integration guide. Its errors are AppErrors with a stable `code`, and a message that says what to do. */
export interface EnhancedService {
  initiateBulkExport(connectionId: string, options?: ExportOptions): Promise<ExportJob>;
  checkBulkExportStatus(jobId: string): Promise<ExportJob>;
  /**
   * Waits until the workers have stored all data of the export.
   * @throws AppError with the error of the export if it failed or was cancelled.
   */
  processBulkExportData(jobId: string): Promise<ProcessedExport>;
  /** Waits until the sync is complete, no matter how long it takes. @throws AppError if a part of it failed. */
  enhancedSync(connectionId: string, options?: SyncOptions): Promise<SyncResult>;
  getConnection(connectionId: string): Promise<ServiceConnection>;
  readonly fhirClient: FhirClient;
  close(): Promise<void>;
}

/** Converts the guide's options to the body of the API request. */
export function fromExportOptions({ since, ...options }: ExportOptions = {}) {
  return { ...options, ...fromSince(since) };
}

export function fromSyncOptions({ since, ...options }: SyncOptions = {}) {
  return { ...options, ...fromSince(since) };
}

function fromSince(since: Date | string | undefined) {
  if (since === undefined) return {};
  return { since: since instanceof Date ? since.toISOString() : since };
}

const prefix = 'bulkhead:';

/**
 * Returns a handle that the guide's code uses as the access token of a connection. The real token never leaves the service, which
 * renews it, so the handle does not expire.
 */
export function tokenHandle(connectionId: string): string {
  return `${prefix}${connectionId}`;
}

/** @throws AppError `unknown-token` */
export function connectionIdOf(accessToken: string): string {
  if (accessToken.startsWith(prefix)) return accessToken.slice(prefix.length);
  throw sdkError('unknown-token');
}

/** Each poll reads one record. An export takes minutes, so a delay of a second does not matter. */
const pollEveryMs = 1000;

/** Waits until an export ends. @throws AppError with the error of the export if it did not complete. */
export async function untilEnded<Job extends ExportJob & { readonly errorCode?: ErrorCode }>(
  read: () => Promise<Job>,
): Promise<Job> {
  for (;;) {
    const job = await read();
    if (job.status === 'COMPLETED') return job;
    if (job.status !== 'IN_PROGRESS') {
      const { errorCode: code, errorMessage: message, id: exportId } = job;
      if (code === undefined) throw sdkError('export-cancelled', { context: { exportId } });
      throw new AppError({ code, message: message ?? '', retry: 'never', context: { exportId } });
    }
    await setTimeout(pollEveryMs);
  }
}
