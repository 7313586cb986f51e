import type { PhaseBefore } from '../runs/index.ts';

export const syncRunPhases = ['queued', 'running', 'completed', 'partial', 'failed', 'cancelled'] as const;
export type SyncRunPhase = (typeof syncRunPhases)[number];

/** The status that API clients see. `PARTIAL` means that some searches failed. The run says which, and what succeeded is stored. */
export const syncRunStatuses = ['IN_PROGRESS', 'COMPLETED', 'PARTIAL', 'FAILED', 'CANCELLED'] as const;
export type SyncRunStatus = (typeof syncRunStatuses)[number];

/** The phases that may follow each phase. Only a retry (`reopen`) makes an ended run active again. */
const followers = {
  queued: ['running', 'failed', 'cancelled'],
  running: ['completed', 'partial', 'failed', 'cancelled'],
  completed: [],
  partial: [],
  failed: [],
  cancelled: [],
} as const satisfies Readonly<Record<SyncRunPhase, readonly SyncRunPhase[]>>;

/** The phases from which a run may move to `To`. */
export type SyncPhaseBefore<To extends SyncRunPhase> = PhaseBefore<typeof followers, To>;

const statuses: Readonly<Record<SyncRunPhase, SyncRunStatus>> = {
  queued: 'IN_PROGRESS',
  running: 'IN_PROGRESS',
  completed: 'COMPLETED',
  partial: 'PARTIAL',
  failed: 'FAILED',
  cancelled: 'CANCELLED',
};

export function isSyncActive<Run extends { readonly phase: SyncRunPhase }>(
  run: Run,
): run is Run & { readonly phase: SyncPhaseBefore<'failed' | 'cancelled'> } {
  return followers[run.phase].length > 0;
}

export function syncRunStatus(phase: SyncRunPhase): SyncRunStatus {
  return statuses[phase];
}

export function phasesOfSync(status: SyncRunStatus): readonly SyncRunPhase[] {
  return syncRunPhases.filter((phase) => syncRunStatus(phase) === status);
}
