import { anyPatient } from '@bulkhead/access/audit';
import type { ErrorCode } from '@bulkhead/base';
import type { Response } from 'express';
import type { Audited } from './actions.ts';

/** A search can show more patients than an event should list. */
const maxPatients = 1000;

/** Collects what is known about a request, for its audit event. */
export class AuditNotes {
  action: string | undefined;
  audited: Audited = false;
  /** Ids by name. */
  target: Readonly<Record<string, string>> = {};
  /** The code of the error that the request ended with. */
  code: ErrorCode | undefined;
  /** See `NewAuditEvent`. */
  patients: readonly string[] = [];
  /** Names of the parameters of a search. */
  parameters: readonly string[] = [];
  /** The response contains data that must not be shown without a record. */
  isShown = false;
  /** The request succeeded, but it changed nothing and showed no data. */
  isUnchanged = false;

  /** Adds ids that became known after the address was read. */
  addTarget(ids: Readonly<Record<string, string>>): void {
    this.target = { ...this.target, ...ids };
  }

  /** Adds patients whose data are requested or shown. */
  addPatients(patients: readonly string[]): void {
    const all = [...new Set([...this.patients, ...patients])].toSorted();
    this.patients = all.length > maxPatients ? [anyPatient] : all;
  }

  /** A request that changes nothing must not look like a change in the audit log. */
  setChanged(isChanged: boolean): void {
    this.isUnchanged = !isChanged;
  }
}

const notes = new WeakMap<Response, AuditNotes>();

export function auditNotes(response: Response): AuditNotes {
  const note = notes.get(response);
  if (note) return note;
  const created = new AuditNotes();
  notes.set(response, created);
  return created;
}

/** Notes that a request shows a document. */
export function auditDocument(
  audit: AuditNotes,
  { connectionId, patientId = anyPatient }: { readonly connectionId: string; readonly patientId?: string },
): void {
  audit.addTarget({ connectionId });
  audit.addPatients([patientId]);
}
