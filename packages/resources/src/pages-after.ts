import { openStart } from '@bulkhead/fhir';
import type { Condition } from './date-condition.ts';
import type { OrderField } from './resource-query.ts';

/** A document's values of the order's fields: where a page ends. */
export type Position = readonly (string | Date | null)[];

/**
 * What comes after a position, as conditions to be asked for one after the other. One `$or` would say the same, but no
 * planner walks an index from inside of it: `(1, 5)` is passed by "1 and over 5", then "over 1".
 */
export function pagesAfter(options: {
  readonly order: readonly OrderField[];
  readonly position: Position | undefined;
}) {
  const { order, position } = options;
  if (!position) return [[]];
  return order
    .map((field, index): Condition[] => [
      ...order.slice(0, index).map(({ name }, at) => ({ [name]: position[at] ?? null })),
      { [field.name]: greaterThan(position[index] ?? null) },
    ])
    .toReversed();
}

/** MongoDB compares within a type only: nothing is "greater" than a missing date, and every date comes after it. */
function greaterThan(value: string | Date | null): Condition {
  return value === null ? { $gte: openStart } : { $gt: value };
}
