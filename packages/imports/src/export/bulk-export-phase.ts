import type { PhaseBefore } from '../runs/index.ts';

/*
 * The phases of an export, and which of them may follow each other. Every active phase can also end as `failed` or `cancelled`.
 *
 *   queued -> kicking-off -> exporting -> downloading -> finalizing -> completed
 *      ^                        ^              ^
 *      └────────────────────────┴──────────────┴── a retry resumes a failed export in the phase that still has work
 *
 * If an export has several slices (`patients/slice.record.ts`), `finalizing` ends one of them, and `queued` begins the next.
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

/** The phases that may follow each phase. Only a retry, and the next slice of an export, move it back. */
export const followers = {
  queued: ['kicking-off', 'failed', 'cancelled'],
  // If the server says at the kick-off that nothing has changed, there is nothing to poll and to download.
  'kicking-off': ['exporting', 'finalizing', 'failed', 'cancelled'],
  exporting: ['downloading', 'failed', 'cancelled'],
  downloading: ['finalizing', 'failed', 'cancelled'],
  finalizing: ['completed', 'queued', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
} as const satisfies Readonly<Record<BulkExportPhase, readonly BulkExportPhase[]>>;

/** The phases from which an export may move to `To`. */
export type ExportPhaseBefore<To extends BulkExportPhase> = PhaseBefore<typeof followers, To>;
/** Every active phase can end as `failed` or `cancelled`. */
export type ActivePhase = ExportPhaseBefore<'failed' | 'cancelled'>;

/** The phase in which a retry may resume an ended export, so that work that is done is not repeated. */
export type Resumption =
  | { readonly from: 'completed'; readonly to: 'queued' | 'downloading' }
  | { readonly from: 'failed'; readonly to: 'queued' | 'exporting' | 'downloading' };

export function isTerminal(phase: BulkExportPhase): boolean {
  return followers[phase].length === 0;
}

export function isActive<Record extends { readonly phase: BulkExportPhase }>(
  record: Record,
): record is Record & { readonly phase: ActivePhase } {
  return !isTerminal(record.phase);
}

export function publicStatus(phase: BulkExportPhase): BulkExportStatus {
  if (phase === 'completed') return 'COMPLETED';
  if (phase === 'failed') return 'FAILED';
  return phase === 'cancelled' ? 'CANCELLED' : 'IN_PROGRESS';
}

export function phasesOf(status: BulkExportStatus): readonly BulkExportPhase[] {
  return bulkExportPhases.filter((phase) => publicStatus(phase) === status);
}

/** Limits the size of a record, however often its export is retried. */
const maxTimelineEntries = 50;

/** The change that adds a phase to the timeline. The timestamp is from the writing process and for display only. */
export function timelineEntry(phase: BulkExportPhase) {
  return { $each: [{ phase, at: new Date() }], $slice: -maxTimelineEntries };
}
