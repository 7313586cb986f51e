import type { RateBudget } from './rate-budget.ts';
import { requestPriorities } from './request-priority.ts';

/** Where a budget's state is in Redis: state, log, day, and who waits by priority. A hash tag keeps them on one node of a cluster. */
export function budgetKeys({ prefix, budget }: { readonly prefix: string; readonly budget: RateBudget }): string[] {
  const base = `${prefix}:rate:{${budget.id}}`;
  const waiters = requestPriorities.map((priority) => `${base}:waiting:${priority}`);
  return [`${base}:state`, `${base}:log`, `${base}:day`, ...waiters];
}
