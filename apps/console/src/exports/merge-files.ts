import type { OutputFile } from '../api/records.ts';

/** The ledger with what has changed in it. A file that it does not know yet comes with the next look at the whole of it. */
export function mergeFiles(options: {
  readonly files: readonly OutputFile[];
  readonly changed: readonly OutputFile[];
}): OutputFile[] {
  const changed = new Map(options.changed.map((file) => [file.id, file]));
  return options.files.map((file) => changed.get(file.id) ?? file);
}
