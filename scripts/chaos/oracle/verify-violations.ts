import type { Violation } from '../system/simulator-control.ts';
import type { Finding } from './finding.ts';

/** The fault that makes the simulator forget its tokens before they expire. */
const expireTokens = 'expire-tokens';
/** The simulator's reason for requests that were sent before the client could know that. */
const expiredToken = 'expired access token';

/** Verifies that no rule of the EHR is broken. */
export function verifyViolations(
  violations: readonly Violation[],
  /** The kinds of faults that the simulator had to inject. */
  faults: readonly string[],
): Finding[] {
  const isExcused = ({ reason }: Violation) => reason === expiredToken && faults.includes(expireTokens);
  const counted = violations.filter((violation) => !isExcused(violation));
  if (counted.length === 0) return [];
  const reasons = [...new Set(counted.map(({ kind, reason }) => `${kind}: ${reason}`))];
  return [{ verdict: 'violations', count: counted.length, text: reasons.join(', ') }];
}
