import { hash } from 'node:crypto';
import { openStart, type ResourceSearch } from '@bulkhead/fhir';
import {
  type Condition,
  type OrderField,
  type ResourceQuery,
  type ResourceTypeReference,
  recordCondition,
} from './resource-query.ts';

/** One of the queries that, run one after the other, return the matches of a search in its order. */
export interface PageQuery {
  readonly conditions: readonly Condition[];
  /** The fields by which this query is sorted. */
  readonly order: readonly OrderField[];
  readonly isDescending: boolean;
  /** The values of the search's first fields, which are the same for all matches of this query. */
  readonly prefix: Position;
}

/**
 * Splits a search by patients into one query for each patient. A resource of several patients has several entries in the index, and
 * query planners do not use an index for the order of a field with several values. Such a resource is returned with the first
 * requested patient.
 */
export function pageQueries(options: {
  readonly query: Pick<ResourceQuery, 'conditions' | 'order' | 'patients' | 'ofPatients' | 'isDescending'>;
  readonly position: Position | undefined;
}): PageQuery[] {
  const { query, position } = options;
  const { conditions, patients, ofPatients = recordCondition, isDescending = false } = query;
  if (!patients) return queriesAfter({ ...query, isDescending, position, prefix: [] });
  const order = query.order.slice(1);
  const [reached, ...rest] = position ?? [];
  const first = position ? patients.indexOf(String(reached)) : 0;
  // The position belongs to another search, so nothing follows it.
  if (first === -1) return [];
  return patients.slice(first).flatMap((patient, index) => {
    const earlier = patients.slice(0, first + index);
    return queriesAfter({
      conditions: [
        ...conditions,
        ofPatients([patient]),
        ...(earlier.length > 0 ? [{ $nor: [ofPatients(earlier)] }] : []),
      ],
      order,
      isDescending,
      position: position && index === 0 ? rest : undefined,
      prefix: [patient],
    });
  });
}

function queriesAfter(options: PageQuery & { readonly position: Position | undefined }): PageQuery[] {
  const { conditions, position, ...query } = options;
  return pagesAfter({ ...query, position }).map((after) => ({ ...query, conditions: [...conditions, ...after] }));
}

/** The values of a document's order fields. They mark the end of a page. */
export type Position = readonly (string | Date | null)[];

/**
 * The conditions for the documents after a position, for one query after the other. A single `$or` would mean the same, but query
 * planners do not use an index inside it. After `(1, 5)` come "1 and over 5", then "over 1".
 */
function pagesAfter(options: {
  readonly order: readonly OrderField[];
  readonly isDescending: boolean;
  readonly position: Position | undefined;
}): Condition[][] {
  const { order, isDescending, position } = options;
  if (!position) return [[]];
  return order
    .map((field, index) => {
      const same = order.slice(0, index).map(({ name }, at) => ({ [name]: position[at] ?? null }));
      const after = isDescending ? lessThan(field, position[index] ?? null) : [greaterThan(position[index] ?? null)];
      return after.map((condition): Condition[] => [...same, { [field.name]: condition }]);
    })
    .toReversed()
    .flat();
}

/** MongoDB compares only values of the same type, so `$gt` finds nothing after a missing date, although every date follows it. */
function greaterThan(value: string | Date | null): Condition {
  return value === null ? { $gte: openStart } : { $gt: value };
}

/** Nothing is less than a missing date, and a missing date is less than every other one. */
function lessThan({ isOptional = false }: OrderField, value: string | Date | null): (Condition | null)[] {
  if (value === null) return [];
  return isOptional ? [{ $lt: value }, null] : [{ $lt: value }];
}

/** The position of a document, by the fields of an order. */
export function positionOf(document: Readonly<Record<string, unknown>>, order: readonly OrderField[]): Position {
  return order.map(({ name }) => {
    const value = name.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)?.[key], document);
    return (value as string | Date | undefined) ?? null;
  });
}

interface CursorContext extends ResourceTypeReference {
  readonly search: ResourceSearch;
  readonly order: readonly OrderField[];
}

/**
 * Writes a position as an opaque text. It contains a hash of its search, because in another search it would silently skip resources.
 * It needs no signature, because it only says where the caller's own search continues.
 */
export function writeCursor({ position, ...context }: CursorContext & { readonly position: Position }): string {
  const values = position.map((value) => (value instanceof Date ? value.getTime() : value));
  return writeValues([searchHashOf(context), ...values]);
}

/** @returns undefined if the cursor does not belong to this search */
export function readCursor({ cursor, ...context }: CursorContext & { readonly cursor: string }): Position | undefined {
  const [writtenHash, ...values] = readValues(cursor) ?? [];
  if (values.length !== context.order.length || writtenHash !== searchHashOf(context)) return undefined;
  const position = context.order.map((field, index) => readValue(field, values[index]));
  return position.every((value) => value !== undefined) ? position : undefined;
}

function readValue({ type, isOptional = false }: OrderField, value: unknown): string | Date | null | undefined {
  if (value === null && isOptional) return null;
  if (type === 'text') return typeof value === 'string' ? value : undefined;
  const instant = new Date(typeof value === 'number' ? value : Number.NaN);
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}

function searchHashOf({ connectionId, resourceType, search }: CursorContext): string {
  return cursorHash([connectionId, resourceType, search]);
}

/** Writes JSON values as the opaque text of a cursor. */
export function writeValues(values: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

/** @returns undefined if `writeValues` has not written the text */
export function readValues(cursor: string): readonly unknown[] | undefined {
  const bytes = Buffer.from(cursor, 'base64url');
  // Decoding ignores characters that are not base64url.
  if (bytes.toString('base64url') !== cursor) return undefined;
  try {
    const values: unknown = JSON.parse(bytes.toString('utf8'));
    return Array.isArray(values) ? values : undefined;
  } catch {
    return undefined;
  }
}

/** Identifies what a cursor belongs to. Sixteen characters (96 bits) detect mistakes. Attacks are not a concern here. */
export function cursorHash(parts: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url').slice(0, 16);
}
