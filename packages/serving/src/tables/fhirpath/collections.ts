import { ExactNumber } from '@bulkhead/fhir';
import type { Budget } from './budget.ts';
import { EvaluationError } from './expression-error.ts';

/*
 * A collection of FHIRPath is `undefined` if it is empty, the item itself if it has one, and an array if it has more. Arrays have no null
 * and no array in them. Most collections of a resource have one item, and this form saves an array for each.
 */

export type Collection = unknown;

/** Brings a value of JSON into the form of collections. */
export function toCollection(value: unknown, budget: Budget): Collection {
  if (!Array.isArray(value)) return value === null ? undefined : value;
  budget.spend(value.length);
  // FHIR has null in arrays of primitives if an item has extensions only.
  const items = value.includes(null) ? value.filter((item) => item !== null) : value;
  return items.length > 1 ? items : items[0];
}

export function itemsOf(collection: Collection): readonly unknown[] {
  if (collection === undefined) return [];
  return Array.isArray(collection) ? collection : [collection];
}

/** Applies a function to each item and joins the results. */
export function flatMap(collection: Collection, map: (item: unknown) => Collection, budget: Budget): Collection {
  if (collection === undefined) return undefined;
  if (!Array.isArray(collection)) return map(collection);
  budget.spend(collection.length);
  const results: unknown[] = [];
  for (const item of collection) {
    const result = map(item);
    // Not `push(...result)`, because a list can have more items than a call can have arguments.
    if (Array.isArray(result)) for (const each of result) results.push(each);
    else if (result !== undefined) results.push(result);
  }
  return results.length > 1 ? results : results[0];
}

/** @throws EvaluationError if there are several items */
export function singleOf(collection: Collection, purpose: string): unknown {
  if (!Array.isArray(collection)) return collection;
  throw new EvaluationError(`${purpose} has ${collection.length} values where one is allowed.`);
}

/** The truth of a collection. A single item that is not a boolean counts as true: https://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections. */
export function truthOf(collection: Collection, purpose: string): boolean | undefined {
  const item = singleOf(collection, purpose);
  return item === undefined || typeof item === 'boolean' ? item : true;
}

/** Whether a value has elements. */
export function isElement(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !(value instanceof ExactNumber);
}
