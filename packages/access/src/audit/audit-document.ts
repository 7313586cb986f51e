import { present } from '@bulkhead/base';
import { maxListedPatients, patientsOf, type Resource } from '@bulkhead/fhir';
import type { Database, Stored } from '@bulkhead/store';
import { Schema } from 'mongoose';
import type { AuditEvent, AuditOutcome, auditEventSchema } from './audit-event.record.ts';
import { collections } from './collections.ts';

/** An event as MongoDB stores it. Its id begins with the time, so ids sort in the order of events. */
export type AuditEventDocument = Stored<typeof auditEventSchema>;

export const sequenceIndex = 'by-sequence';

/** Each index ends with `_id`, so its entries are sorted by time. */
const auditIndexes = {
  'by-actor': { 'actor.id': 1, _id: -1 },
  'by-action': { action: 1, _id: -1 },
  'by-outcome': { outcome: 1, _id: -1 },
  'by-patient': { patients: 1, _id: -1 },
  'by-connection': { 'target.connectionId': 1, _id: -1 },
} as const;

// Documents are written and read without Mongoose, so that the check of the chain covers every stored field.
export const auditIndexSchema = new Schema<AuditEventDocument>(
  { _id: String },
  { collection: collections.auditEvents, strict: false },
);
for (const [name, fields] of Object.entries(auditIndexes)) auditIndexSchema.index(fields, { name });
/** The time is in the record and not in the index, so that a changed retention does not need a new index. */
auditIndexSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
/** One event for each position: see `AuditChainWriter`. */
auditIndexSchema.index({ sequence: 1 }, { name: sequenceIndex, unique: true, sparse: true });

export function auditCollection(database: Database) {
  return database.collection<AuditEventDocument>(collections.auditEvents);
}

export function toDocument({ id: _id, ...fields }: AuditEvent): AuditEventDocument {
  return { _id, ...fields };
}

export function toEvent({ _id, ...fields }: AuditEventDocument): AuditEvent {
  return { id: _id, ...fields };
}

export interface AuditFilter {
  readonly from?: Date | undefined;
  /** Exclusive. */
  readonly to?: Date | undefined;
  readonly actorId?: string | undefined;
  readonly action?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  /** Finds events that showed data of this patient, or may have: see `anyPatient`. */
  readonly patient?: string | undefined;
  readonly connectionId?: string | undefined;
  /** The last id of the previous page. */
  readonly after?: string | undefined;
}

/** The condition of a filter, and the most selective index for it. */
export function toAuditQuery(filter: AuditFilter): {
  readonly condition: object;
  readonly index: string;
  /** The index contains exactly the events of the filter, so it can count them without reading events. */
  readonly isCovered: boolean;
} {
  const { from, to, actorId, action, outcome, patient, connectionId, after } = filter;
  const ends = [to && idAt(to), after].filter((end) => end !== undefined).sort();
  const range = { ...(from ? { $gte: idAt(from) } : {}), ...(ends[0] === undefined ? {} : { $lt: ends[0] }) };
  const condition = {
    ...(patient === undefined ? {} : { patients: { $in: [patient, anyPatient] } }),
    ...present({ 'target.connectionId': connectionId, 'actor.id': actorId, action, outcome }),
    ...(Object.keys(range).length > 0 ? { _id: range } : {}),
  };
  const criteria = [patient, actorId, connectionId, action, outcome].filter((value) => value !== undefined);
  return { condition, index: indexFor(filter), isCovered: criteria.length <= 1 };
}

function indexFor(options: AuditFilter): keyof typeof auditIndexes | '_id_' {
  const { actorId, action, outcome, patient, connectionId } = options;
  if (patient !== undefined) return 'by-patient';
  if (actorId !== undefined) return 'by-actor';
  if (connectionId !== undefined) return 'by-connection';
  if (action !== undefined) return 'by-action';
  return outcome === undefined ? '_id_' : 'by-outcome';
}

/** The beginning of the ids of an instant's events: milliseconds as hexadecimal digits, enough for 8,000 years. */
export function idAt(at: Date): string {
  return `evt_${at.getTime().toString(16).padStart(12, '0')}`;
}

/** A value of `patients` that means any patient of the connection, including those that are not listed. */
export const anyPatient = '*';

/**
 * As many patients as one parameter of a search can name. An event is kept for six years, and a request can name thousands of ids that do not
 * exist. Those whose data is shown are listed besides.
 */
const maxRequested = 50;

/** The patients whom a request names, for the audit log. Returns `anyPatient` for more than 50. */
export function patientsRequested(ids: readonly string[]): readonly string[] {
  const distinct = [...new Set(ids)];
  return distinct.length > maxRequested ? [anyPatient] : distinct;
}

/**
 * The patients whose data a resource shows, for the audit log. Returns `anyPatient` if the resource is about a patient that it does not
 * name by an id, or about more patients than are listed.
 */
export function patientsShown(resource: Resource): readonly string[] {
  const ids = patientsOf(resource);
  if (ids.length >= maxListedPatients) return [anyPatient];
  if (ids.length > 0) return ids;
  return resource.subject === undefined && resource.patient === undefined ? [] : [anyPatient];
}
