import type { EarlierExports } from '../bulk-export.record.ts';
import { isPollDue, planPoll, pollBounds, pollDelay } from './poll-delay.ts';

/**
 * Runs the polls of one export on a simulated clock, by the rules that workers apply: every tick asks whether a status request is due.
 * The EHR sends no Retry-After.
 */
export function simulatePolls(options: {
  readonly durationMs: number;
  readonly earlier?: EarlierExports | undefined;
  readonly tickMs?: number;
}): { readonly polls: number; readonly lateMs: number } {
  const { durationMs, earlier, tickMs = 30_000 } = options;
  const kickedOffAt = Date.UTC(2024, 0, 1);
  let plan: Parameters<typeof isPollDue>[0] = planPoll({ now: new Date(kickedOffAt), waitMs: tickMs });
  let polls = 0;
  for (let ageMs = tickMs; ; ageMs += tickMs) {
    const now = new Date(kickedOffAt + ageMs);
    if (!isPollDue(plan, { now, tickMs })) continue;
    polls += 1;
    if (ageMs >= durationMs) return { polls, lateMs: ageMs - durationMs };
    const { waitMs, reason } = pollDelay({ ...pollBounds({}, tickMs), ageMs, earlier });
    plan = { ...planPoll({ now, waitMs }), pollReason: reason };
  }
}
