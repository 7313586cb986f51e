import { anyPatient } from '@bulkhead/domain';
import type { Response } from 'express';
import type { Action } from '../actions.ts';

/** What is known so far of a request that may become an audit event. */
export interface AuditNotes {
  action?: Action;
  /** Ids by name. */
  target: Readonly<Record<string, string>>;
  /** Of the error that is the answer. */
  code?: string;
  /** See `NewAuditEvent`. */
  patients?: readonly string[];
  parameters?: readonly string[];
  /** The answer has what makes it an event, where that depends on the answer. */
  isShown?: boolean;
  /** It succeeded, and nothing was changed or shown by it. */
  isUnchanged?: boolean;
}

const notes = new WeakMap<Response, AuditNotes>();

export function auditNotes(response: Response): AuditNotes {
  const known = notes.get(response);
  if (known) return known;
  const fresh: AuditNotes = { target: {} };
  notes.set(response, fresh);
  return fresh;
}

/** What was found out about the target since the address was read. */
export function noteTarget(response: Response, ids: Readonly<Record<string, string>>): void {
  const known = auditNotes(response);
  known.target = { ...known.target, ...ids };
}

/** A search can show more patients than an event should list. */
const maxPatients = 1000;

/** Patients whose data are asked for or shown. */
export function notePatients(response: Response, patients: readonly string[]): void {
  const known = auditNotes(response);
  const all = [...new Set([...(known.patients ?? []), ...patients])].toSorted();
  known.patients = all.length > maxPatients ? [anyPatient] : all;
}

/** What changes nothing must not look like a change in the audit log. */
export function noteChange(response: Response, isChanged: boolean): void {
  auditNotes(response).isUnchanged = !isChanged;
}
