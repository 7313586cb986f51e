export const syncRunPhases = ['queued', 'running', 'completed', 'partial', 'failed', 'cancelled'] as const;
export type SyncRunPhase = (typeof syncRunPhases)[number];

/** The status that API clients see. `PARTIAL` means that some searches failed. The run says which, and what succeeded is stored. */
export const syncRunStatuses = ['IN_PROGRESS', 'COMPLETED', 'PARTIAL', 'FAILED', 'CANCELLED'] as const;
export type SyncRunStatus = (typeof syncRunStatuses)[number];

/** The phases that may follow each phase. Only a retry (`reopen`) makes an ended run active again. */
const followers: Readonly<Record<SyncRunPhase, readonly SyncRunPhase[]>> = {
  queued: ['running', 'failed', 'cancelled'],
  running: ['completed', 'partial', 'failed', 'cancelled'],
  completed: [],
  partial: [],
  failed: [],
  cancelled: [],
};

const statuses: Readonly<Record<SyncRunPhase, SyncRunStatus>> = {
  queued: 'IN_PROGRESS',
  running: 'IN_PROGRESS',
  completed: 'COMPLETED',
  partial: 'PARTIAL',
  failed: 'FAILED',
  cancelled: 'CANCELLED',
};

export function isSyncActive(phase: SyncRunPhase): boolean {
  return followers[phase].length > 0;
}

export function syncRunStatus(phase: SyncRunPhase): SyncRunStatus {
  return statuses[phase];
}

export function phasesOfSync(status: SyncRunStatus): readonly SyncRunPhase[] {
  return syncRunPhases.filter((phase) => syncRunStatus(phase) === status);
}
