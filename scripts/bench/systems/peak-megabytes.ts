import { readFileSync } from 'node:fs';

/** Linux records the highest resident size of a process. */
export function peakMegabytes(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1000);
}

/**
 * Options of Node.js for a process whose peak is measured. Without a limit of the heap, the peak shows when V8 chooses to collect, and
 * not what the process needs.
 */
export const heapLimit: readonly string[] = ['--max-old-space-size=120'];
