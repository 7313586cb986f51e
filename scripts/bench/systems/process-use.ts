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

/** Linux counts CPU time in hundredths of a second. */
const ticksPerSecond = 100;

/** The CPU time of all threads of a process. */
export function cpuSeconds(pid: number): number {
  // The name of the program, which comes first, may contain spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
