import { hash as digest } from 'node:crypto';
import type { AuditEvent, ChainedAuditEvent } from './audit-event.record.ts';

/*
 * The audit log is a chain of hashes. Each event contains the hash of the event before it, so a changed, replaced or removed event is
 * noticed by everyone who verifies the chain, or who compares it with a head (`<sequence>:<hash>`) that was kept elsewhere.
 *
 *     event 1                  event 2                  event 3
 *     previousHash: 000...     previousHash: hash 1     previousHash: hash 2
 *     hash 1              <--- hash 2              <--- hash 3
 *
 * - audit-chain.ts: links an event to the one before it and computes its hash.
 * - audit-chain.writer.ts: appends events, although many processes write at the same time.
 * - check-chain.ts: verifies the chain. Expired events may be missing at its beginning.
 * - audit-event.repository.ts: the collection `audit_events`, for the rest of the system.
 * - audit-stream.ts, fhir-audit-event.ts: send events off the host, as JSON or as FHIR AuditEvents.
 */

/** The fields of the newest event that the next one needs. */
export interface ChainHead {
  readonly sequence: number;
  readonly hash: string;
  readonly expiresAt: Date | undefined;
}

/** The previous hash of the first event. */
export const noHash = '0'.repeat(64);

/** SHA-256, as lower-case hexadecimal digits, over the canonical JSON of the event without its own hash. */
export function auditHash({ hash: _, ...event }: AuditEvent): string {
  return digest('sha256', canonicalJson(event));
}

/**
 * Links an event to the head of the chain. An event never expires before the one that it follows. So the database deletes events only
 * from the beginning of the chain, and the first remaining event says when all earlier ones had expired.
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

function latest(date: Date, otherDate: Date | undefined): Date {
  return otherDate !== undefined && otherDate > date ? otherDate : date;
}

/**
 * Serializes a value by RFC 8785 (JSON Canonicalization Scheme): without white space, and with members sorted by the UTF-16 code
 * units of their names. The standard writes numbers and strings as `JSON.stringify` does.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // Without a comparator, `toSorted` compares code units.
  const names = members.map(([name]) => name).toSorted();
  const byName = Object.fromEntries(members);
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(byName[name])}`).join()}}`;
}
