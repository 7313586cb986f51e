import type { BulkExport, SyncRun } from '../api/api.ts';
import { formatCount } from '../parts/format.ts';

/** What happened since a time, in numbers. */
export interface Changes {
  readonly completed: number;
  readonly failed: number;
  readonly changed: number;
  readonly quarantined: number;
  /** Whether more may have happened than the runs show. */
  readonly isMore: boolean;
}

interface Runs<Run> {
  readonly data: readonly Run[];
  readonly next?: string | undefined;
}

/** @param options.exports, options.syncs the newest ones */
export function changesSince(options: {
  readonly since: string;
  readonly exports: Runs<BulkExport>;
  readonly syncs: Runs<SyncRun>;
}): Changes {
  const { since, exports, syncs } = options;
  const isNew = ({ completedAt }: { readonly completedAt?: string }) =>
    completedAt !== undefined && Date.parse(completedAt) > Date.parse(since);
  const newExports = exports.data.filter(isNew);
  const newSyncs = syncs.data.filter(isNew);
  const ended = [
    ...newExports.map(({ status, partial }) => (partial ? 'PARTIAL' : status)),
    ...newSyncs.map(({ status }) => status),
  ];
  const totals = [...newExports.map(({ counts }) => counts), ...newSyncs.flatMap(({ totals = [] }) => totals)];
  return {
    completed: ended.filter((status) => status === 'COMPLETED').length,
    failed: ended.filter((status) => status === 'FAILED' || status === 'PARTIAL').length,
    changed: sum(totals.map(({ stored, unchanged }) => stored - unchanged)),
    quarantined: sum(newExports.map(({ counts }) => counts.quarantined)),
    isMore: [exports, syncs].some(({ data, next }) => next !== undefined && data.every(isNew)),
  };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** "3 runs completed, 1 failed or is incomplete, 1,204 resources are new or changed, 2 lines were quarantined." */
export function changesText({ completed, failed, changed, quarantined, isMore }: Changes): string {
  const parts = [
    ...(completed > 0 ? [`${counted(completed, 'run', 'runs')} completed`] : []),
    ...(failed > 0 ? [`${formatCount(failed)} failed or ${failed === 1 ? 'is' : 'are'} incomplete`] : []),
    ...(changed > 0 ? [`${counted(changed, 'resource is', 'resources are')} new or changed`] : []),
    ...(quarantined > 0 ? [`${counted(quarantined, 'line was', 'lines were')} quarantined`] : []),
  ];
  if (parts.length === 0) return 'No export or sync has ended.';
  return `${isMore ? 'At least: ' : ''}${parts.join(', ')}.`;
}

function counted(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
