export {
  dayAllowance,
  dayShares,
  type Grant,
  type RateBudget,
  type RateLimit,
  type RequestPriority,
} from './budget.ts';
export { limiterError } from './errors.ts';
export { type BudgetUse, createRateLimiter, type RateLimiter } from './rate-limiter.ts';
export { type BudgetState, readBudgets } from './read-budgets.ts';
export { readDays } from './read-days.ts';
export { type BudgetPause, readPause } from './read-pause.ts';
