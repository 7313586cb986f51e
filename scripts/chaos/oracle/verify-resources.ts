import type { Finding } from './finding.ts';
import type { Difference } from './read-differences.ts';

/**
 * Verifies that the stored resources equal the served ones. Any other resource is lost, or stored although it should
 * not be.
 */
export function verifyResources(differences: readonly Difference[]): Finding[] {
  const extra = differences.filter(({ what }) => what === 'extra');
  const lost = differences.filter(({ what }) => what !== 'extra');
  return [
    ...(lost.length > 0 ? [{ verdict: 'lost', count: lost.length, text: describe(lost) } as const] : []),
    ...(extra.length > 0 ? [{ verdict: 'duplicated', count: extra.length, text: describe(extra) } as const] : []),
  ];
}

/** Enough to find the cause, few enough to read. */
const maxShown = 5;

function describe(differences: readonly Difference[]): string {
  const names = differences.slice(0, maxShown).map(({ type, id, what }) => `${type}/${id} ${what}`);
  return `${names.join(', ')}${differences.length > maxShown ? ' ...' : ''}`;
}
