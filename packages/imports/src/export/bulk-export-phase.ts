/*
 * The phases of an export, and which of them may follow each other. Every active phase can also end as `failed` or `cancelled`.
 *
 *   queued -> kicking-off -> exporting -> downloading -> finalizing -> completed
 *      ^                        ^              ^
 *      └────────────────────────┴──────────────┴── a retry resumes a failed export in the phase that still has work
 *
 * A completed export with failed files can also be retried. A cancelled export cannot.
 */
export const bulkExportPhases = [
  'queued',
  'kicking-off',
  'exporting',
  'downloading',
  'finalizing',
  'completed',
  'failed',
  'cancelled',
] as const;
export type BulkExportPhase = (typeof bulkExportPhases)[number];

/** The status that API clients see. The guide's loop waits while it is IN_PROGRESS. */
export const bulkExportStatuses = ['IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;
export type BulkExportStatus = (typeof bulkExportStatuses)[number];

/** The phases that may follow each phase. Only a retry moves an export back. */
const followers: Readonly<Record<BulkExportPhase, readonly BulkExportPhase[]>> = {
  queued: ['kicking-off', 'failed', 'cancelled'],
  'kicking-off': ['exporting', 'failed', 'cancelled'],
  exporting: ['downloading', 'failed', 'cancelled'],
  downloading: ['finalizing', 'failed', 'cancelled'],
  finalizing: ['completed', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
};

export function canFollow(from: BulkExportPhase, to: BulkExportPhase): boolean {
  return followers[from].includes(to);
}

/** The phases in which a retry may resume an ended export, so that work that is done is not repeated. */
const retryPhases: Readonly<Record<BulkExportPhase, readonly BulkExportPhase[]>> = {
  ...followers,
  completed: ['queued', 'downloading'],
  failed: ['queued', 'exporting', 'downloading'],
};

/** Whether a retry may resume an ended export in phase `to`. */
export function canReopen(from: BulkExportPhase, to: BulkExportPhase): boolean {
  return isTerminal(from) && retryPhases[from].includes(to);
}

export function isTerminal(phase: BulkExportPhase): boolean {
  return followers[phase].length === 0;
}

export const activePhases: readonly BulkExportPhase[] = bulkExportPhases.filter((phase) => !isTerminal(phase));

export function publicStatus(phase: BulkExportPhase): BulkExportStatus {
  if (phase === 'completed') return 'COMPLETED';
  if (phase === 'failed') return 'FAILED';
  return phase === 'cancelled' ? 'CANCELLED' : 'IN_PROGRESS';
}

export function phasesOf(status: BulkExportStatus): readonly BulkExportPhase[] {
  return bulkExportPhases.filter((phase) => publicStatus(phase) === status);
}
