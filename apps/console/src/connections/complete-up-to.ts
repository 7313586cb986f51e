import type { SyncRun } from '../api/api.ts';

/**
 * The time up to which everything is stored that exports keep current. Without exports, the start of the last sync that has completed.
 * @returns undefined if nothing was completed yet
 */
export function completeUpTo(
  watermarks: readonly { readonly until: string }[],
  syncs: readonly Pick<SyncRun, 'status' | 'createdAt'>[],
): string | undefined {
  const [oldest] = watermarks.map(({ until }) => until).toSorted((left, right) => Date.parse(left) - Date.parse(right));
  return oldest ?? syncs.find(({ status }) => status === 'COMPLETED')?.createdAt;
}
