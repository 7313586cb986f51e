import type { Stored } from '@bulkhead/store';
import { type Connection as Database, Schema } from 'mongoose';
import type { AuditEvent, AuditOutcome, auditEventSchema } from './audit-event.record.ts';
import { anyPatient } from './patients-shown.ts';

/** An event as MongoDB has it. Its id begins with the time, so that the order of ids is that of events. */
export type AuditEventDocument = Stored<typeof auditEventSchema>;

const collection = 'audit_events';
export const placeIndex = 'by-sequence';

/** Each in the order of `_id`, which is that of time. */
const auditIndexes = {
  'by-actor': { 'actor.id': 1, _id: -1 },
  'by-action': { action: 1, _id: -1 },
  'by-outcome': { outcome: 1, _id: -1 },
  'by-patient': { patients: 1, _id: -1 },
  'by-connection': { 'target.connectionId': 1, _id: -1 },
} as const;

// Documents are written and read without Mongoose, so that the chain is checked over every field that there is.
export const auditIndexSchema = new Schema<AuditEventDocument>({ _id: String }, { collection, strict: false });
for (const [name, fields] of Object.entries(auditIndexes)) auditIndexSchema.index(fields, { name });
/** In the record and not in the index, so that another retention does not need a new index. */
auditIndexSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
/** One event a place: see `AuditChainWriter`. Events of earlier versions have none. */
auditIndexSchema.index({ sequence: 1 }, { name: placeIndex, unique: true, sparse: true });

export function auditCollection(database: Database) {
  return database.collection<AuditEventDocument>(collection);
}

export function toDocument({ id: _id, ...fields }: AuditEvent): AuditEventDocument {
  return { _id, ...fields };
}

export function toEvent({ _id, ...fields }: AuditEventDocument): AuditEvent {
  return { id: _id, ...fields };
}

export interface AuditFilter {
  readonly from?: Date | undefined;
  /** Not part of it. */
  readonly to?: Date | undefined;
  readonly actorId?: string | undefined;
  readonly action?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  /** Finds what has shown this patient, or may have: see `anyPatient`. */
  readonly patient?: string | undefined;
  readonly connectionId?: string | undefined;
  /** The last id of the page before. */
  readonly after?: string | undefined;
}

/** The condition of a filter, and the index that serves it: the one that narrows most. */
export function toAuditQuery(filter: AuditFilter): { readonly condition: object; readonly index: string } {
  const { from, to, actorId, action, outcome, patient, connectionId, after } = filter;
  const ends = [to && idAt(to), after].filter((end) => end !== undefined).sort();
  const range = { ...(from ? { $gte: idAt(from) } : {}), ...(ends[0] === undefined ? {} : { $lt: ends[0] }) };
  const condition = {
    ...(patient === undefined ? {} : { patients: { $in: [patient, anyPatient] } }),
    ...(connectionId === undefined ? {} : { 'target.connectionId': connectionId }),
    ...(actorId === undefined ? {} : { 'actor.id': actorId }),
    ...(action === undefined ? {} : { action }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(Object.keys(range).length > 0 ? { _id: range } : {}),
  };
  return { condition, index: indexFor(filter) };
}

function indexFor({
  actorId,
  action,
  outcome,
  patient,
  connectionId,
}: AuditFilter): keyof typeof auditIndexes | '_id_' {
  if (patient !== undefined) return 'by-patient';
  if (actorId !== undefined) return 'by-actor';
  if (connectionId !== undefined) return 'by-connection';
  if (action !== undefined) return 'by-action';
  return outcome === undefined ? '_id_' : 'by-outcome';
}

/** What the ids of an instant's events begin with: milliseconds in hexadecimal digits, as many as reach for 8,000 years. */
export function idAt(at: Date): string {
  return `evt_${at.getTime().toString(16).padStart(12, '0')}`;
}
