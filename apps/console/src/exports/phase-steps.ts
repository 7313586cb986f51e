import type { BulkExport } from '../api/records.ts';

export const phaseSteps = [
  { phase: 'queued', label: 'Queued', text: 'waits for a worker' },
  { phase: 'kicking-off', label: 'Kick-off', text: 'the EHR is asked to begin' },
  { phase: 'exporting', label: 'Exporting', text: 'the EHR writes its files' },
  { phase: 'downloading', label: 'Downloading', text: 'files are read and stored' },
  { phase: 'finalizing', label: 'Finalizing', text: 'deletions and counts' },
] as const;

/**
 * Where an export stands on its way.
 * @returns `index` past the last step where it is completed. Of one that has failed or was cancelled the record does not say in
 * which phase: its files tell whether it had got as far as its downloads.
 */
export function stepOf({ phase, statusUrl, counts }: Pick<BulkExport, 'phase' | 'statusUrl' | 'counts'>): {
  readonly index: number;
  readonly hasFailed: boolean;
} {
  if (phase === 'completed') return { index: phaseSteps.length, hasFailed: false };
  if (phase === 'failed' || phase === 'cancelled') {
    const reached = counts.files > 0 ? 'downloading' : statusUrl === undefined ? 'kicking-off' : 'exporting';
    return { index: indexOf(reached), hasFailed: true };
  }
  return { index: indexOf(phase), hasFailed: false };
}

function indexOf(phase: string): number {
  return phaseSteps.findIndex((step) => step.phase === phase);
}
