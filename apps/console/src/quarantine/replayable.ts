import type { QuarantinedLine } from '../api/api.ts';

/** All other reasons are in the line itself, so the same line is refused again. */
const reasonsOutside: readonly string[] = ['refused-by-database'];

/** Whether lines with this reason can be stored as they are once the cause was fixed. */
export function canHelp(reason: string): boolean {
  return reasonsOutside.includes(reason);
}

/** Whether the line can be stored as it is once its cause was fixed. */
export function canReplayUnchanged({ state, reason, isTruncated }: QuarantinedLine): boolean {
  return (state === 'open' || state === 'dismissed') && !isTruncated && canHelp(reason);
}
