import type { BulkExportStatus, ExportCounts } from '@bulkhead/bulk-export';
import type { ExportType } from '@bulkhead/fhir';
import type { SkippedType } from '@bulkhead/sync';

export interface ExportOptions {
  readonly exportType?: ExportType;
  readonly resourceTypes?: readonly string[];
  /** `last`: from where the last export of these types got. */
  readonly since?: Date | string;
}

/** A bulk export as the guide's code sees it. */
export interface ExportJob {
  readonly id: string;
  readonly status: BulkExportStatus;
  readonly startedAt: string;
  readonly statusUrl?: string;
  readonly completedAt?: string;
  readonly outputUrls?: readonly string[];
  /** Names the cause and the remedy. */
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

/** What a program needs to search by itself. */
export interface ServiceConnection {
  readonly id: string;
  readonly fhirEndpoint: string;
  /** For `fhirClient` only: in process the token itself, over HTTP a name for it, since tokens do not leave the server. */
  readonly accessToken: string;
  /** The patient that the connection is about, where it is about one. */
  readonly userId?: string;
}

export type SearchParameterValues = Readonly<Record<string, string | number | readonly string[] | undefined>>;

export interface FhirClient {
  /**
   * Every match of a search, page after page.
   * @param endpoint `fhirEndpoint` and @param accessToken of a connection that `getConnection` gave.
   */
  searchResources(
    endpoint: string,
    accessToken: string,
    resourceType: string,
    parameters: SearchParameterValues,
    // biome-ignore lint/suspicious/noExplicitAny: the guide's code reads elements of whatever type was asked for.
  ): Promise<any[]>;
}

/** The athenahealth integration guide's service. Errors are AppErrors: a stable `code`, a message with the remedy. */
export interface EnhancedService {
  initiateBulkExport(connectionId: string, options?: ExportOptions): Promise<ExportJob>;
  checkBulkExportStatus(jobId: string): Promise<ExportJob>;
  /**
   * Resolves when everything that the export brought is stored; the workers store it, this waits.
   * @throws AppError with the export's own error where it failed or was cancelled.
   */
  processBulkExportData(jobId: string): Promise<ProcessedExport>;
  /** Resolves when the sync is done, however long it takes. @throws AppError where something of it failed. */
  enhancedSync(connectionId: string, options?: SyncOptions): Promise<SyncResult>;
  getConnection(connectionId: string): Promise<ServiceConnection>;
  readonly fhirClient: FhirClient;
  close(): Promise<void>;
}
