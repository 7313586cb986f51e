import type { SharedBudget } from './rate-budget.service.ts';

const minuteMs = 60_000;

/** A budget as it is shown: by its name, since the client id in its id is nobody's to read. */
export function toRateBudgetView({ provider, environment, connectionIds, state }: SharedBudget) {
  const { budget, window, minute, day, pausedMs, pauseReason, slowMs, waiting } = state;
  const { limit, windowMs, perDay } = budget.rateLimit;
  return {
    name: budget.name,
    provider,
    environment,
    connectionIds,
    window: { used: window, limit, windowMs },
    ...(minute === undefined
      ? {}
      : { minute: { used: minute, limit: Math.round(limit * Math.max(minuteMs / windowMs, 1)) } }),
    day: { used: day, limit: perDay },
    pausedMs,
    ...(pauseReason === undefined ? {} : { pauseReason }),
    slowMs,
    waiting,
  };
}
