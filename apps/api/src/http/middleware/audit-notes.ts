import { anyPatient } from '@bulkhead/access';
import type { Response } from 'express';

/** Whether requests leave an event. `if-shown`: only if the answer shows what may not be shown without a record (`isShown`). */
export type Audited = boolean | 'if-shown';

/** A search can show more patients than an event should list. */
const maxPatients = 1000;

/** What is known so far of a request that may become an audit event. */
export class AuditNotes {
  /** What is done, as `noun.verb`. */
  action: string | undefined;
  audited: Audited = false;
  /** Ids by name. */
  target: Readonly<Record<string, string>> = {};
  /** Code of the error that is the answer. */
  code: string | undefined;
  /** See `NewAuditEvent`. */
  patients: readonly string[] = [];
  /** Names of the parameters of a search. */
  parameters: readonly string[] = [];
  /** The answer shows what must not be shown without a record. */
  isShown = false;
  /** The request succeeded, but it changed and showed nothing. */
  isUnchanged = false;

  /** Adds what was found out about the target since the address was read. */
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
  const known = notes.get(response);
  if (known) return known;
  const created = new AuditNotes();
  notes.set(response, created);
  return created;
}
