import type { RateBudget } from './rate-budget.ts';

/** Where a budget is in Redis: its state and who waits, its log, its day. A hash tag keeps them on one node of a cluster. */
export function budgetKeys({ prefix, budget }: { readonly prefix: string; readonly budget: RateBudget }) {
  const base = `${prefix}:rate:{${budget.id}}`;
  return { state: `${base}:state`, log: `${base}:log`, day: `${base}:day` };
}
