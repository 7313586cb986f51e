import type { BufferPool } from '@bulkhead/store/bson';
import type { ImportDeps, ImportRepositories } from '../import-deps.ts';
import type { ExportContexts } from './download/export-contexts.ts';
import type { BulkExportStore } from './export.feature.ts';

/** The repositories that a step of this feature can use. */
interface Repositories extends BulkExportStore, ImportRepositories {}

export type ExportRepository = keyof Repositories;

/** What a step of this feature gets: the repositories that it names, and the parts of its process. */
export interface BulkExportDeps<Uses extends ExportRepository> extends ImportDeps {
  readonly store: Pick<Repositories, Uses>;
  readonly exportContexts: ExportContexts;
  /** Shared by all downloads of the process. */
  readonly buffers: BufferPool;
  readonly pollIntervalMs: number;
}

export interface ExportStep {
  readonly exportId: string;
  readonly signal: AbortSignal;
}
