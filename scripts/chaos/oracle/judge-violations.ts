import type { Violation } from '../system/simulator-control.ts';
import type { Finding } from './finding.ts';

/** The fault that makes the server forget its tokens before their time. */
const expireTokens = 'expire-tokens';
/** What the server then says of the requests that were sent before the client could know. */
const expiredToken = 'expired access token';

/** No rule of the EHR is broken, whatever happens here. */
export function judgeViolations({
  violations,
  faults,
}: {
  readonly violations: readonly Violation[];
  /** Kinds that were ordered. */
  readonly faults: readonly string[];
}): Finding[] {
  const isExcused = ({ reason }: Violation) => reason === expiredToken && faults.includes(expireTokens);
  const counted = violations.filter((violation) => !isExcused(violation));
  if (counted.length === 0) return [];
  const reasons = [...new Set(counted.map(({ kind, reason }) => `${kind}: ${reason}`))];
  return [{ verdict: 'violations', count: counted.length, text: reasons.join(', ') }];
}
