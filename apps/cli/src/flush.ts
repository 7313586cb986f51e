import { closeSync, fsyncSync, openSync } from 'node:fs';

/**
 * Waits until a file, or the names in a folder (`r`), are on the disk. Otherwise a loss of power could leave a new name with an empty file, or the
 * old name. Windows cannot open a folder.
 */
export function flush(path: string, mode: 'r' | 'r+'): void {
  if (mode === 'r' && process.platform === 'win32') return;
  const descriptor = openSync(path, mode);
  fsyncSync(descriptor);
  closeSync(descriptor);
}
