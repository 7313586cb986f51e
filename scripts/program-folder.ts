import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onInterrupt } from './command-line.ts';

/**
 * Makes a temporary folder for a program, and ends the program at a signal. The folder is removed when the process exits, also after an
 * error or a signal, unless the program keeps it for its user. Child processes end with this one.
 */
export function makeProgramFolder(name: string): { readonly path: string; readonly keep: () => void } {
  const path = mkdtempSync(join(tmpdir(), `bulkhead-${name}-`));
  // A server that still runs can create a file meanwhile.
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  process.on('exit', remove);
  onInterrupt(() => process.exit(130));
  return { path, keep: () => void process.off('exit', remove) };
}
