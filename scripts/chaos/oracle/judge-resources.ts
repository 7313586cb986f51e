import type { Finding } from './finding.ts';
import type { Difference } from './read-differences.ts';

/** The stored set equals the served one: anything else is lost, or there although it should not be. */
export function judgeResources(differences: readonly Difference[]): Finding[] {
  const extra = differences.filter(({ what }) => what === 'extra');
  const lost = differences.filter(({ what }) => what !== 'extra');
  return [
    ...(lost.length > 0 ? [{ verdict: 'lost', count: lost.length, text: describe(lost) } as const] : []),
    ...(extra.length > 0 ? [{ verdict: 'duplicated', count: extra.length, text: describe(extra) } as const] : []),
  ];
}

/** Enough to look for them, few enough to read. */
const shown = 5;

function describe(differences: readonly Difference[]): string {
  const names = differences.slice(0, shown).map(({ type, id, what }) => `${type}/${id} ${what}`);
  return `${names.join(', ')}${differences.length > shown ? ' ...' : ''}`;
}
