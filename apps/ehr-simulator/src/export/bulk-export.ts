import type { ExportLevel } from '../options.ts';
import type { ExportFate } from './export-fate.ts';
import type { GivenParameter } from './given-parameters.ts';

/** A place in the order that a practice's resources come in. */
export interface Place {
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
