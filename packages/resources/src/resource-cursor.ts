import { hash } from 'node:crypto';
import type { ResourceSearch } from '@bulkhead/fhir';
import type { Position } from './pages-after.ts';
import type { OrderField, WhichResources } from './resource-query.ts';

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
