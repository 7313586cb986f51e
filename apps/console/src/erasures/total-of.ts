import type { DataAmounts } from '../api/records.ts';

export function totalOf({ resources, records }: DataAmounts): number {
  return Object.values({ ...resources, ...records }).reduce((sum, count) => sum + count, 0);
}
