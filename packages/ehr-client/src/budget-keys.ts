import type { RateBudget } from './rate-budget.ts';

/** Where a budget's state is in Redis: state, log, day, and who waits. A hash tag keeps them on one node of a cluster. */
export function budgetKeys({ prefix, budget }: { readonly prefix: string; readonly budget: RateBudget }) {
  const base = `${prefix}:rate:{${budget.id}}`;
  return { state: `${base}:state`, log: `${base}:log`, day: `${base}:day`, waiting: `${base}:waiting` };
}
