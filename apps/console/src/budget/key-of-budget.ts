import type { RateBudget } from '../api/records.ts';

/** Its client id, which the API does not show, is the connections' that share it; they have another budget for tokens. */
export function keyOfBudget({ name, connectionIds }: RateBudget): string {
  return [name, ...connectionIds].join();
}
