import { hash as digest } from 'node:crypto';
import type { AuditEvent, ChainedAuditEvent } from './audit-event.record.ts';

/** The newest event of the chain, as far as the next one has to know it. */
export interface ChainHead {
  readonly sequence: number;
  readonly hash: string;
  readonly expiresAt: Date | undefined;
}

/** What the first event follows. */
export const noHash = '0'.repeat(64);

/** SHA-256, as lower-case hexadecimal digits, over the canonical JSON of the event without its own hash. */
export function auditHash({ hash: _, ...event }: AuditEvent): string {
  return digest('sha256', canonicalJson(event));
}

/**
 * Makes an event the next one of the chain. Expiry never goes back along the chain, so that the database takes events from the
 * chain's beginning only, and the event after those can say when all of them had expired.
 */
export function chainEvent(event: AuditEvent, head: ChainHead): ChainedAuditEvent {
  const { expiresAt: previousExpiresAt } = head;
  const linked = {
    ...event,
    expiresAt: latest(event.expiresAt, previousExpiresAt),
    sequence: head.sequence + 1,
    previousHash: head.hash,
    ...(previousExpiresAt === undefined ? {} : { previousExpiresAt }),
  };
  return { ...linked, hash: auditHash(linked) };
}

function latest(date: Date, other: Date | undefined): Date {
  return other !== undefined && other > date ? other : date;
}

/**
 * A value's one form by RFC 8785 (JSON Canonicalization Scheme): no white space, and members in the order of the UTF-16 code units
 * of their names. That standard writes numbers and texts as `JSON.stringify` does.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // Without a comparison of its own, `toSorted` compares code units.
  const names = members.map(([name]) => name).toSorted();
  const byName = Object.fromEntries(members);
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(byName[name])}`).join()}}`;
}
