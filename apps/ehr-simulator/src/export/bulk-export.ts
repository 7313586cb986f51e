/**
 * The record of an export and its states:
 *
 *   kick-off -> in-progress -> complete
 *                    |-> failed            by a fault (`ExportFate`), or because a data file is unreadable
 *                    |-> gone | forgotten  by a fault
 *
 * DELETE makes an export `deleted` if it is in progress, complete or failed.
 * While it is in progress, `ExportRegistry` lays out its files. They are generated when they are read.
 */

import type { ExportLevel, KickOffParameter } from '@bulkhead/fhir/bulk-server';
import type { Practice } from '../practice/practice.ts';
import type { Selection } from './select-resources.ts';

/** A position in the fixed order of a practice's resources. */
interface ResourcePosition {
  readonly batch: number;
  /** The index within the batch, after `_since` was applied. */
  readonly position: number;
}

/** Where to start reading for a byte of a file, so that a Range far into it does not generate everything before it. */
export interface Checkpoint {
  readonly offsetBytes: number;
  readonly place: ResourcePosition;
}

export interface ExportFile {
  /** With its extension: `Observation.2.ndjson`. */
  readonly name: string;
  readonly kind: 'output' | 'deleted';
  readonly type: string;
  readonly count: number;
  readonly sizeBytes: number;
  /** Ascending; the first is the start of the file. Empty for files that are held as `lines`. */
  readonly checkpoints: readonly Checkpoint[];
  readonly lines?: readonly string[];
}

export interface BulkExport {
  readonly id: string;
  readonly level: ExportLevel;
  /** The URL of the kick-off, which the manifest repeats. */
  readonly request: string;
  readonly parameters: readonly KickOffParameter[];
  readonly types: readonly string[];
  readonly transactionTimeMs: number;
  readonly sinceMs: number | undefined;
  readonly selection: Selection;
  /** Parameters of the kick-off that were ignored, because the client asked for `handling=lenient`. */
  readonly ignored: readonly string[];
  /** Monotonic. */
  readonly startedAtMs: number;
  readonly fate: ExportFate | undefined;
  /** The state of the practice that is exported. Changes after the kick-off are not included. */
  asOf: number;
  /** Filled while the export runs. */
  files: readonly ExportFile[];
  layout: 'measuring' | 'measured' | 'failed';
  /** Answered status requests. */
  pollCount: number;
  /** All DELETE requests, with any answer. */
  deleteCount: number;
  isDeleted: boolean;
}

export const exportEnds = ['completes', 'fails', 'never-ends', 'forgotten', 'gone'] as const;

/** Overrides the clock: the export is in progress for `polls` status requests and then ends in this way. */
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

/**
 * How a fault changes the export that a kick-off starts. It becomes part of the export, so that manifest and files
 * agree.
 */
export interface ExportChange {
  readonly fate?: ExportFate;
  /** Runs before the snapshot, when the kick-off can no longer be refused. */
  begin?(practice: Practice): Promise<void>;
  /** Returns the types to export instead. */
  types?(types: readonly string[]): readonly string[];
  /** Changes the files after they are laid out. */
  files?(input: ChangeFilesInput): Promise<readonly ExportFile[]>;
}

/** In the states `gone` and `forgotten` the server no longer knows the export, although the client has not deleted it. */
export type ExportState = 'in-progress' | 'complete' | 'failed' | 'gone' | 'forgotten' | 'deleted';

export function exportState(
  bulkExport: BulkExport,
  /** The share of its run time that has passed, from 0 to 1. */
  share: number,
): ExportState {
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
