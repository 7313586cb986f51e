import type { QuarantinedLine } from '../api/api.ts';
import { formatCount } from '../parts/format.ts';

export interface JoinedLine extends QuarantinedLine {
  /** The same line in earlier exports, newest first. */
  readonly repetitions: readonly QuarantinedLine[];
}

/**
 * Joins lines with the same content that an EHR sends in every export, so that one fault is one row. The lines of one export stay apart.
 * @param lines the newest export first
 */
export function joinLines(lines: readonly QuarantinedLine[]): JoinedLine[] {
  const timesInRun = new Map<string, number>();
  const groups = Map.groupBy(lines, ({ id, connectionId, runId, sha256, state, reason }) => {
    if (sha256 === undefined) return id;
    const content = [connectionId, sha256, state, reason].join(' ');
    const inRun = `${content} ${runId}`;
    const times = (timesInRun.get(inRun) ?? 0) + 1;
    timesInRun.set(inRun, times);
    return `${content} ${times}`;
  });
  return [...groups.values()].flatMap(([first, ...repetitions]) => (first ? [{ ...first, repetitions }] : []));
}

/** "in 2 earlier runs too". Empty if the line was not repeated. */
export function repetitionText(count: number): string {
  if (count === 0) return '';
  return count === 1 ? 'in an earlier run too' : `in ${formatCount(count)} earlier runs too`;
}
