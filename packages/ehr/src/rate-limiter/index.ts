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
export { type BudgetPause, type BudgetState, readBudgets, readDays, readPause } from './read-budgets.ts';
