import { type Connection as Database, Schema } from 'mongoose';
import type { AuditEvent } from './audit-event.ts';
import { auditIndexes } from './audit-query.ts';

/** An event as MongoDB has it. */
export interface AuditEventDocument extends Omit<AuditEvent, 'id'> {
  /** Begins with the time, so that the order of ids is that of events. */
  readonly _id: string;
}

const collection = 'audit_events';
export const placeIndex = 'by-sequence';

// Documents are written and read without Mongoose, so that the chain is checked over every field that there is.
export const auditEventSchema = new Schema<AuditEventDocument>({ _id: String }, { collection, strict: false });
for (const [name, fields] of Object.entries(auditIndexes)) auditEventSchema.index(fields, { name });
/** In the record and not in the index, so that another retention does not need a new index. */
auditEventSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
/** One event a place: see `AuditChainWriter`. Events of earlier versions have none. */
auditEventSchema.index({ sequence: 1 }, { name: placeIndex, unique: true, sparse: true });

export function auditCollection(database: Database) {
  return database.collection<AuditEventDocument>(collection);
}

export function toDocument({ id: _id, ...fields }: AuditEvent): AuditEventDocument {
  return { _id, ...fields };
}

export function toEvent({ _id, ...fields }: AuditEventDocument): AuditEvent {
  return { id: _id, ...fields };
}
