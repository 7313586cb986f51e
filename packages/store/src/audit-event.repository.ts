import { randomBytes } from 'node:crypto';
import type { AuditEvent, NewAuditEvent } from '@bulkhead/domain';
import { type Connection as Database, Schema } from 'mongoose';
import { type AuditFilter, auditIndexes, idAt, toAuditQuery } from './audit-query.ts';

interface AuditEventDocument extends Omit<AuditEvent, 'id'> {
  /** Begins with the time, so that the order of ids is that of events. */
  readonly _id: string;
  /** In the record and not in the index, so that another retention needs no index to be built anew. */
  readonly expiresAt: Date;
}

const dayMs = 24 * 60 * 60_000;

const schema = new Schema<AuditEventDocument>(
  {
    _id: String,
    at: { type: Date, required: true },
    actor: { type: { kind: String, id: String, name: String, role: String }, required: true, _id: false },
    action: { type: String, required: true },
    target: { type: Schema.Types.Mixed, required: true },
    outcome: { type: String, required: true },
    code: String,
    requestId: String,
    address: String,
    count: Number,
    expiresAt: { type: Date, required: true },
  },
  { collection: 'audit_events', versionKey: false, minimize: false, strict: 'throw' },
);
for (const [name, fields] of Object.entries(auditIndexes)) schema.index(fields, { name });
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

/** `audit_events`: written once, never changed or deleted but by the database when their time has come. */
export function createAuditEventRepository({
  database,
  keptDays,
}: {
  readonly database: Database;
  readonly keptDays: number;
}) {
  const model = database.model('AuditEvent', schema);
  return {
    async append(event: NewAuditEvent, at = new Date()): Promise<void> {
      const _id = idAt(at) + randomBytes(10).toString('hex');
      await model.create({ _id, at, ...event, expiresAt: new Date(at.getTime() + keptDays * dayMs) });
    },

    /** Newest first. */
    async list({ filter, limit }: { readonly filter: AuditFilter; readonly limit: number }): Promise<AuditEvent[]> {
      const { condition, index } = toAuditQuery(filter);
      const documents = await model.find(condition).sort({ _id: -1 }).hint(index).limit(limit).lean();
      return documents.map(toRecord);
    },
  };
}

function toRecord({ _id, expiresAt: _, ...fields }: AuditEventDocument): AuditEvent {
  return { id: _id, ...fields };
}
