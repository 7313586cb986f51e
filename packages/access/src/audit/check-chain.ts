import type { Database } from '@bulkhead/store';
import { auditHash, noHash } from './audit-chain.ts';
import { auditCollection, sequenceIndex, toEvent } from './audit-document.ts';
import type { AuditEvent } from './audit-event.record.ts';

/** Identifies an event of the chain, so that it can be compared with a copy that was kept elsewhere. */
export interface ChainPosition {
  readonly sequence: number;
  readonly hash: string;
}

export const chainFaults = ['changed', 'replaced', 'missing', 'not-in-chain', 'other-head', 'head-missing'] as const;

export interface ChainFault {
  readonly code: (typeof chainFaults)[number];
  /** The position in the chain. An event without a position is named by `eventId`. */
  readonly sequence?: number;
  readonly eventId?: string;
}

export interface ChainReport {
  /** How many events were read and found correct. */
  readonly checked: number;
  /** The oldest event that this check read. */
  readonly oldest?: ChainPosition & { readonly at: Date };
  /** The last event that was found correct. */
  readonly last?: ChainPosition & { readonly at: Date };
  /** The first fault. */
  readonly fault?: ChainFault;
  /** Whether the check reached the end of the chain. */
  readonly isComplete: boolean;
}

const batchSize = 500;

export interface ChainCheck {
  /** Continues behind an event that an earlier call has checked. */
  readonly after?: ChainPosition | undefined;
  /** A head that was kept elsewhere. */
  readonly expected?: ChainPosition | undefined;
  readonly limit: number;
}

/**
 * Reads the chain in its order and stops at the first fault. Expired events may be missing: the event behind them says when all
 * earlier events had expired.
 */
export async function checkChain(options: ChainCheck & { readonly database: Database }): Promise<ChainReport> {
  const { database, ...check } = options;
  const { after, expected, limit } = check;
  const now = await database.now();
  let previous = after;
  let report: ChainReport = { checked: 0, isComplete: false };
  const events = auditCollection(database)
    .find({ sequence: { $exists: true, ...(after ? { $gt: after.sequence } : {}) } }, { batchSize })
    .sort({ sequence: 1 })
    .hint(sequenceIndex)
    .limit(limit);
  for await (const document of events) {
    const event = toEvent(document);
    const code = faultOf({ event, previous, now });
    if (code)
      return { ...report, fault: { code, ...(event.sequence === undefined ? {} : { sequence: event.sequence }) } };
    previous = { sequence: event.sequence ?? 0, hash: event.hash ?? '' };
    const position = { ...previous, at: event.at };
    report = { ...report, checked: report.checked + 1, oldest: report.oldest ?? position, last: position };
  }
  const fault = (after ? undefined : await findUnchained(database)) ?? (await compareHead(database, expected));
  return { ...report, ...(fault ? { fault } : {}), isComplete: report.checked < limit };
}

function faultOf(options: {
  readonly event: AuditEvent;
  readonly previous: ChainPosition | undefined;
  readonly now: Date;
}): ChainFault['code'] | undefined {
  const { event, previous = { sequence: 0, hash: noHash }, now } = options;
  if (auditHash(event) !== event.hash) return 'changed';
  if (event.sequence !== previous.sequence + 1) return haveExpired(event, now) ? undefined : 'missing';
  return event.previousHash === previous.hash ? undefined : 'replaced';
}

/** Whether all events before this one have expired. */
function haveExpired({ previousExpiresAt }: AuditEvent, now: Date): boolean {
  return previousExpiresAt !== undefined && previousExpiresAt <= now;
}

/** Each of our processes gives an event its position when it is written. */
async function findUnchained(database: Database): Promise<ChainFault | undefined> {
  const withoutPosition: object = { sequence: { $not: { $type: ['int', 'long', 'double'] } } };
  const event = await auditCollection(database).findOne(withoutPosition);
  return event ? { code: 'not-in-chain', eventId: event._id } : undefined;
}

/** A head that was kept elsewhere must still be in the chain. Otherwise the events from there on were removed or replaced. */
async function compareHead(database: Database, expected: ChainPosition | undefined): Promise<ChainFault | undefined> {
  if (!expected) return undefined;
  const { sequence, hash } = expected;
  const event = await auditCollection(database).findOne({ sequence }, { projection: { hash: 1 } });
  if (!event) return { code: 'head-missing', sequence };
  return event.hash === hash ? undefined : { code: 'other-head', sequence };
}
