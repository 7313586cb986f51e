import type { ExportLevel } from '../options/options.ts';
import type { Practice } from '../practice/practice.ts';
import type { GivenParameter } from './kick-off-parameters.ts';

/** A place in the order that a practice's resources come in. */
interface Place {
  readonly batch: number;
  /** Within what the batch holds for this export. */
  readonly position: number;
}

/** Where to start reading for a byte of a file, so that a Range far inside does not generate all that is before it. */
export interface Checkpoint {
  readonly offsetBytes: number;
  readonly place: Place;
}

export interface ExportFile {
  /** With its ending: `Observation.2.ndjson`. */
  readonly name: string;
  readonly kind: 'output' | 'deleted';
  readonly type: string;
  readonly count: number;
  readonly sizeBytes: number;
  /** Ascending; the first is the file's start. Empty for deleted files, which are held as `lines`. */
  readonly checkpoints: readonly Checkpoint[];
  readonly lines?: readonly string[];
}

export interface BulkExport {
  readonly id: string;
  readonly level: ExportLevel;
  /** The kick-off's URL, as the manifest repeats it. */
  readonly request: string;
  readonly given: readonly GivenParameter[];
  readonly types: readonly string[];
  readonly transactionTimeMs: number;
  readonly sinceMs: number | undefined;
  /** Monotonic. */
  readonly startedAtMs: number;
  readonly fate: ExportFate | undefined;
  /** The practice's state that is exported: changes after the kick-off are not in it. */
  asOf: number;
  /** Filled while the export runs. */
  files: readonly ExportFile[];
  layout: 'measuring' | 'measured' | 'failed';
  /** Status requests that were answered. */
  pollCount: number;
  /** DELETE requests, however they were answered. */
  deleteCount: number;
  isDeleted: boolean;
}

export const exportEnds = ['completes', 'fails', 'never-ends', 'forgotten', 'gone'] as const;

/** An export that does not go by the clock: it is in progress for so many status requests, and then this. */
interface ExportFate {
  readonly polls: number;
  readonly end: (typeof exportEnds)[number];
}

export interface ChangeFilesInput {
  readonly files: readonly ExportFile[];
  readonly bulkExport: BulkExport;
  readonly practice: Practice;
  readonly signal: AbortSignal;
}

/** What a fault makes of the export that a kick-off starts. It is part of the export: all that is said of it agrees. */
export interface ExportChange {
  readonly fate?: ExportFate;
  /** Before the snapshot, once nothing can refuse the kick-off any more. */
  begin?(practice: Practice): Promise<void>;
  /** The types that are exported instead. */
  types?(types: readonly string[]): readonly string[];
  /** The files, once they are laid out. */
  files?(input: ChangeFilesInput): Promise<readonly ExportFile[]>;
}

/** `gone` and `forgotten`: the server knows nothing of it any more, which it did not announce. */
export type ExportState = 'in-progress' | 'complete' | 'failed' | 'gone' | 'forgotten' | 'deleted';

interface ExportStateInput {
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
