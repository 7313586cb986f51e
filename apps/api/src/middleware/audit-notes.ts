import type { Response } from 'express';
import type { Action } from '../actions.ts';

/** What is known so far of a request that may become an audit event. */
export interface AuditNotes {
  action?: Action;
  /** Ids by name. */
  target: Readonly<Record<string, string>>;
  /** Of the error that is the answer. */
  code?: string;
}

const notes = new WeakMap<Response, AuditNotes>();

export function auditNotes(response: Response): AuditNotes {
  const known = notes.get(response);
  if (known) return known;
  const fresh: AuditNotes = { target: {} };
  notes.set(response, fresh);
  return fresh;
}
