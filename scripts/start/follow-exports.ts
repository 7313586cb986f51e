import { type BulkExport, isTerminal } from '@bulkhead/imports/export';
import { toStatusView } from '@bulkhead/imports/export/commands';
import type { Store } from '@bulkhead/system';
import { toStoredText } from './main-job.ts';

const intervalMs = 1000;

/** Prints each change of phase of the exports that users start, until the signal aborts. */
export async function followExports(options: {
  readonly store: Store;
  readonly print: (text: string) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { store, print, signal } = options;
  const phases = new Map<string, string>();
  const printChange = (record: BulkExport) => {
    const { id, phase } = record;
    if (phases.get(id) === phase) return;
    phases.set(id, phase);
    print(`${new Date().toISOString().slice(11, 19)}  ${id} ${describeExport(record)}`);
  };
  while (!signal.aborted) {
    const active = await store.bulkExports.listActive().catch(() => []);
    for (const record of active) printChange(record);
    for (const id of phases.keys()) {
      if (active.some((record) => record.id === id)) continue;
      const record = await store.bulkExports.find(id).catch(() => undefined);
      if (record && isTerminal(record.phase)) {
        printChange(record);
        phases.delete(id);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}

/** The phase and, if the export has ended, its result. */
export function describeExport(record: BulkExport): string {
  const { phase, counts, error } = record;
  if (phase !== 'completed') return `${phase}${error ? `: ${error.message}` : ''}`;
  const { partial, warnings } = toStatusView({ record, isOperator: true });
  const stored = `completed, stored ${toStoredText(counts)} resources`;
  if (!partial) return stored;
  return [`${stored}, partial`, ...warnings.map(({ message }) => `  ! ${message}`)].join('\n');
}
