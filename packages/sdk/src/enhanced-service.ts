import type { BulkExportStatus, ExportCounts } from '@bulkhead/bulk-export';
import type { ExportType } from '@bulkhead/fhir';
import type { SkippedType } from '@bulkhead/sync';

export interface ExportOptions {
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

export interface SyncOptions {
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
