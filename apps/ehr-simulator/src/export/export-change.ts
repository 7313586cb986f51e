import type { Practice } from '../practice/practice.ts';
import type { BulkExport, ExportFile } from './bulk-export.ts';
import type { ExportFate } from './export-fate.ts';

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
