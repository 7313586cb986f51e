import type { AuditEvent, NewAuditEvent } from '@bulkhead/domain';
import type { Store } from '@bulkhead/store';
import type { AuditQuery } from './audit.schema.ts';

export type AuditService = ReturnType<typeof createAuditService>;

/** Who did what: written down, and read by operators. */
export function createAuditService({ store }: { readonly store: Store }) {
  return {
    append: (event: NewAuditEvent): Promise<void> => store.auditEvents.append(event),

    /** One page, newest first; `next` is there where more follow. */
    async list({ actor: actorId, limit, cursor: after, ...filter }: AuditQuery) {
      const events = await store.auditEvents.list({ filter: { ...filter, actorId, after }, limit: limit + 1 });
      const page = events.slice(0, limit);
      return { events: page, next: events.length > limit ? page.at(-1)?.id : undefined };
    },
  };
}

export function toAuditView({ at, ...fields }: AuditEvent) {
  return { at: at.toISOString(), ...fields };
}
