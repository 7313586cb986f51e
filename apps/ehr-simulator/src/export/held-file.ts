import type { ExportFile } from './bulk-export.ts';

export interface HeldFileInput extends Pick<ExportFile, 'name' | 'kind' | 'type'> {
  readonly lines: readonly string[];
}

/** A small file that is kept as its lines. */
export function heldFile({ lines, ...file }: HeldFileInput): ExportFile {
  const sizeBytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  return { ...file, lines, count: lines.length, sizeBytes, checkpoints: [] };
}
