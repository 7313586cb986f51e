import { hash } from 'node:crypto';
import { openStart, type ResourceSearch } from '@bulkhead/fhir';
import {
  type Condition,
  type OrderField,
  patientCondition,
  type ResourceQuery,
  type WhichResources,
} from './resource-query.ts';

/** One of the queries that, one after the other, give the matches of a search in its order. */
export interface PageQuery {
  readonly conditions: readonly Condition[];
  /** What this query is sorted by. */
  readonly order: readonly OrderField[];
  /** The values of the search's first fields, which are the same for all matches of this query. */
  readonly prefix: Position;
}

/**
 * A search by patients is a query for each patient: a resource of several patients has several entries in the index, and no planner
 * walks an index in the order of a field with several values. It is given with the first of the patients that were asked for.
 */
export function pageQueries(options: {
  readonly query: Pick<ResourceQuery, 'conditions' | 'order' | 'patients'>;
  readonly position: Position | undefined;
}): PageQuery[] {
  const { query, position } = options;
  const { conditions, patients } = query;
  if (!patients) return queriesAfter({ ...query, position, prefix: [] });
  const order = query.order.slice(1);
  const [reached, ...rest] = position ?? [];
  const first = position ? patients.indexOf(String(reached)) : 0;
  // A position of another search: there is nothing after it.
  if (first === -1) return [];
  return patients.slice(first).flatMap((patient, index) => {
    const earlier = patients.slice(0, first + index);
    return queriesAfter({
      conditions: [
        ...conditions,
        { 'keys.patient': patient },
        ...(earlier.length > 0 ? [{ $nor: [patientCondition(earlier)] }] : []),
      ],
      order,
      position: position && index === 0 ? rest : undefined,
      prefix: [patient],
    });
  });
}

function queriesAfter(options: PageQuery & { readonly position: Position | undefined }): PageQuery[] {
  const { conditions, order, position, prefix } = options;
  return pagesAfter({ order, position }).map((after) => ({ conditions: [...conditions, ...after], order, prefix }));
}

/** A document's values of the order's fields: where a page ends. */
export type Position = readonly (string | Date | null)[];

/**
 * What comes after a position, as conditions to be asked for one after the other. One `$or` would say the same, but no
 * planner walks an index from inside of it: `(1, 5)` is passed by "1 and over 5", then "over 1".
 */
function pagesAfter(options: { readonly order: readonly OrderField[]; readonly position: Position | undefined }) {
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

interface CursorContext extends WhichResources {
  readonly search: ResourceSearch;
  readonly order: readonly OrderField[];
}

/**
 * A position as an opaque text. It carries a digest of its search: taken to another one it would silently skip resources.
 * It needs no seal: what it can say is where in the caller's own search to go on.
 */
export function writeCursor({ position, ...context }: CursorContext & { readonly position: Position }): string {
  const values = position.map((value) => (value instanceof Date ? value.getTime() : value));
  return Buffer.from(JSON.stringify([digest(context), ...values])).toString('base64url');
}

/** Undefined: it is none of this search. */
export function readCursor({ cursor, ...context }: CursorContext & { readonly cursor: string }): Position | undefined {
  const bytes = Buffer.from(cursor, 'base64url');
  // Decoding passes over what is no base64url.
  const parsed = bytes.toString('base64url') === cursor ? parse(bytes.toString('utf8')) : undefined;
  if (!Array.isArray(parsed) || parsed.length !== context.order.length + 1) return undefined;
  const [written, ...values] = parsed as unknown[];
  if (written !== digest(context)) return undefined;
  const position = context.order.map((field, index) => readValue(field, values[index]));
  return position.every((value) => value !== undefined) ? position : undefined;
}

function readValue({ type, isOptional = false }: OrderField, value: unknown): string | Date | null | undefined {
  if (value === null && isOptional) return null;
  if (type === 'text') return typeof value === 'string' ? value : undefined;
  const instant = new Date(typeof value === 'number' ? value : Number.NaN);
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whoever calls says that it is no cursor.
    return undefined;
  }
}

/** Sixteen characters, 96 bits: against mistakes, not attacks. */
function digest({ connectionId, resourceType, search }: CursorContext): string {
  return hash('sha256', JSON.stringify([connectionId, resourceType, search]), 'base64url').slice(0, 16);
}
