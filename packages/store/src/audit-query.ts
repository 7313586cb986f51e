import type { AuditOutcome } from '@bulkhead/domain';

export interface AuditFilter {
  readonly from?: Date | undefined;
  /** Not part of it. */
  readonly to?: Date | undefined;
  readonly actorId?: string | undefined;
  readonly action?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  /** The last id of the page before. */
  readonly after?: string | undefined;
}

/** Each in the order of `_id`, which is that of time. */
export const auditIndexes = {
  'by-actor': { 'actor.id': 1, _id: -1 },
  'by-action': { action: 1, _id: -1 },
  'by-outcome': { outcome: 1, _id: -1 },
} as const;

/** The condition of a filter, and the index that serves it: the one that narrows most. */
export function toAuditQuery(filter: AuditFilter): { readonly condition: object; readonly index: string } {
  const { from, to, actorId, action, outcome, after } = filter;
  const ends = [to && idAt(to), after].filter((end) => end !== undefined).sort();
  const range = { ...(from ? { $gte: idAt(from) } : {}), ...(ends[0] === undefined ? {} : { $lt: ends[0] }) };
  const condition = {
    ...(actorId === undefined ? {} : { 'actor.id': actorId }),
    ...(action === undefined ? {} : { action }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(Object.keys(range).length > 0 ? { _id: range } : {}),
  };
  if (actorId !== undefined) return { condition, index: 'by-actor' };
  if (action !== undefined) return { condition, index: 'by-action' };
  return { condition, index: outcome === undefined ? '_id_' : 'by-outcome' };
}

/** What the ids of an instant's events begin with: milliseconds in hexadecimal digits, as many as reach for 8,000 years. */
export function idAt(at: Date): string {
  return `evt_${at.getTime().toString(16).padStart(12, '0')}`;
}
