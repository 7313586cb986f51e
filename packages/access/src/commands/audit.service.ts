import type { AuditEvent, NewAuditEvent } from '../audit/audit-event.ts';
import type { ChainPosition, ChainReport } from '../audit/check-chain.ts';
import type { AccessStore } from '../store.ts';
import type { AuditCheckQuery, AuditQuery } from './audit.schema.ts';

export type AuditService = ReturnType<typeof createAuditService>;

/** Who did what: written down, and read by operators. */
export function createAuditService({ store }: { readonly store: AccessStore }) {
  return {
    append: (event: NewAuditEvent): Promise<void> => store.auditEvents.append(event),

    /** One page, newest first; `next` is there where more follow. */
    async list({ actor: actorId, limit, cursor: after, ...filter }: AuditQuery) {
      const events = await store.auditEvents.list({ filter: { ...filter, actorId, after }, limit: limit + 1 });
      const page = events.slice(0, limit);
      return { events: page, next: events.length > limit ? page.at(-1)?.id : undefined };
    },

    /** Verifies some of the chain; `isComplete` says whether that was the rest of it. */
    verify: ({ expectedHead: expected, ...query }: AuditCheckQuery): Promise<ChainReport> =>
      store.auditEvents.verify({ ...query, expected }),
  };
}

/** As the API shows it, and as its hash is computed over it. */
export function toAuditView({ at, expiresAt, previousExpiresAt, ...fields }: AuditEvent) {
  return {
    ...fields,
    at: at.toISOString(),
    expiresAt: expiresAt.toISOString(),
    ...(previousExpiresAt === undefined ? {} : { previousExpiresAt: previousExpiresAt.toISOString() }),
  };
}

const faultMessages = {
  changed: 'The event was changed after it was written: its hash is not that of its content.',
  replaced: 'The event does not follow the one before it: one of the two was written again, or they changed places.',
  missing: 'Events before this one are missing, and they had not expired.',
  'not-in-chain':
    'The event was added without a place in the chain. If a process of an earlier version wrote it during an upgrade, check again with the end of the upgrade as `upgradedAt`.',
  'head-missing': 'The expected head is no longer in the chain: the newest events were removed.',
  'other-head': 'There is another event in the place of the expected head: the newest events were written again.',
} as const;

/** What a check has found. */
export function toAuditCheckView({ checked, oldest, last, fault, isComplete }: ChainReport) {
  const toView = ({ at, ...position }: ChainPosition & { readonly at: Date }) => ({
    ...position,
    at: at.toISOString(),
  });
  return {
    checked,
    isIntact: fault === undefined,
    ...(oldest ? { oldest: toView(oldest) } : {}),
    ...(last ? { last: toView(last) } : {}),
    ...(fault ? { fault: { ...fault, message: faultMessages[fault.code] } } : {}),
    ...(!isComplete && last && !fault ? { next: `${last.sequence}:${last.hash}` } : {}),
  };
}
