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

/** What API clients see; the guide's loop waits while it is IN_PROGRESS. */
export const bulkExportStatuses = ['IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;
export type BulkExportStatus = (typeof bulkExportStatuses)[number];

/** From each phase, the phases that may follow. An export never goes back: what was done is in the record. */
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

/** Only a retry takes an export up again, where what it has done so far is still of use. */
const retryPhases: Readonly<Record<BulkExportPhase, readonly BulkExportPhase[]>> = {
  ...followers,
  completed: ['queued', 'downloading'],
  failed: ['queued', 'exporting', 'downloading'],
};

/** Whether a retry may take an ended export up again in phase `to`. */
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
