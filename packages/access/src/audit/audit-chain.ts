import { hash as digest } from 'node:crypto';
import type { AuditEvent, ChainedAuditEvent } from './audit-event.ts';
import { canonicalJson } from './canonical-json.ts';

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
