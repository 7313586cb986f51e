import type { ConnectionDeps } from '@bulkhead/connections/steps';
import type { DocumentDeps } from '@bulkhead/documents/steps';
import type { BulkExportStore } from '../store.ts';
import type { ExportContexts } from './export-contexts.ts';

/** The dependencies of the steps of this feature. */
export interface BulkExportDeps extends Omit<DocumentDeps, 'store'>, Pick<ConnectionDeps, 'ehr'> {
  readonly store: BulkExportStore & ConnectionDeps['store'];
  readonly exportContexts: ExportContexts;
  readonly pollIntervalMs: number;
}

export interface ExportStep {
  readonly exportId: string;
  readonly signal: AbortSignal;
}
