import type { ByteBudget } from '@bulkhead/base';
import type { ConnectionDeps } from '@bulkhead/connections/steps';
import type { DocumentDeps } from '@bulkhead/documents/steps';
import type { ResourceStore } from '@bulkhead/records';
import type { QuarantineStore } from '@bulkhead/records/quarantine';
import type { BufferPool } from '@bulkhead/store/bson';
import type { ReferenceStore } from '../references/index.ts';
import type { ExportContexts } from './download/export-contexts.ts';
import type { BulkExportStore } from './export.feature.ts';

/** The dependencies of the steps of this feature. */
export interface BulkExportDeps extends Omit<DocumentDeps, 'store'>, Pick<ConnectionDeps, 'ehr'> {
  readonly store: BulkExportStore &
    ReferenceStore &
    QuarantineStore &
    Pick<ResourceStore, 'prepareResourceTypes' | 'resourceChanges'> &
    ConnectionDeps['store'] &
    DocumentDeps['store'];
  readonly exportContexts: ExportContexts;
  /** Shared by all downloads of the process. */
  readonly buffers: BufferPool;
  /** For what is large, of all jobs of the process. */
  readonly largeBytes: ByteBudget;
  readonly pollIntervalMs: number;
}

export interface ExportStep {
  readonly exportId: string;
  readonly signal: AbortSignal;
}
