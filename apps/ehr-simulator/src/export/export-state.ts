import type { BulkExport } from './bulk-export.ts';

/** `gone` and `forgotten`: the server knows nothing of it any more, which it did not announce. */
export type ExportState = 'in-progress' | 'complete' | 'failed' | 'gone' | 'forgotten' | 'deleted';

export interface ExportStateInput {
  readonly bulkExport: BulkExport;
  /** How much of its time has passed, 0 to 1. */
  readonly share: number;
}

export function exportState({ bulkExport, share }: ExportStateInput): ExportState {
  const { fate, isDeleted, layout, pollCount } = bulkExport;
  if (isDeleted) return 'deleted';
  if (fate && pollCount < fate.polls) return 'in-progress';
  switch (fate?.end) {
    case 'fails':
      return 'failed';
    case 'never-ends':
      return 'in-progress';
    case 'forgotten':
    case 'gone':
      return fate.end;
    default:
      if (share < 1 || layout === 'measuring') return 'in-progress';
      return layout === 'failed' ? 'failed' : 'complete';
  }
}
