import type { StepReport } from '@bulkhead/embedded';

const MARKS = { done: '✔', failed: '✘', note: 'ℹ', running: '…' } as const;

/** One step as one line: its state, its name, how long it took so far, and what there is to say. */
export function stepLine({ report, sinceMs }: { report: StepReport; sinceMs: number }): string {
  return `${MARKS[report.state]} ${report.step.padEnd(12)} ${duration(sinceMs).padStart(7)}  ${report.text}`;
}

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(seconds / 60)}m ${String(seconds % 60).padStart(2, '0')}s`;
}
