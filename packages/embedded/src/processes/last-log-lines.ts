import { readFileSync } from 'node:fs';

/** The end of a server's log, for the error that says why it did not start. */
export function lastLogLines({ file, count = 12 }: { file: string; count?: number }): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '(it wrote no log)';
  }
}
