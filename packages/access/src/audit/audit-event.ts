import { maxListedPatients, patientsOf, type Resource } from '@bulkhead/fhir';

export const auditOutcomes = ['success', 'unchanged', 'refused', 'failed'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

/** Who did something. */
export interface AuditActor {
  /** A program with its key, somebody logged in in a browser, a command of an operator, or nobody that was recognised. */
  readonly kind: 'api-key' | 'session' | 'command' | 'nobody';
  /** Of the API key; `command:<user>` of a command; `nobody`. */
  readonly id: string;
  readonly name?: string;
  readonly role?: string;
}

/** In `patients`: any patient of the connection, also those who are not listed. */
export const anyPatient = '*';

/** Who did what, when, and how it ended. Ids and names of parameters only: no patient data, no value of a query. */
export interface NewAuditEvent {
  readonly actor: AuditActor;
  /** Such as `export.create`. */
  readonly action: string;
  /** Ids of what it was done to, by the names that the address has for them. */
  readonly target: Readonly<Record<string, string>>;
  /** Ids, as the EHR gives them, of the patients whose data were shown or asked for; or `anyPatient`. */
  readonly patients?: readonly string[];
  /** Names of the search parameters, never their values. */
  readonly parameters?: readonly string[];
  readonly outcome: AuditOutcome;
  /** Why it did not succeed: see docs/errors.md. */
  readonly code?: string;
  /** As in the log and in `X-Request-Id`. */
  readonly requestId?: string;
  readonly address?: string;
  /** How many there were, where many are one event. */
  readonly count?: number;
  /** Of an erasure: how many records there were, by kind. */
  readonly counts?: Readonly<Record<string, number>>;
}

/** An event as it is stored. Events of versions before the chain have none of the fields that link it. */
export interface AuditEvent extends NewAuditEvent {
  readonly id: string;
  readonly at: Date;
  /** The database deletes the event after this. */
  readonly expiresAt: Date;
  /** Its place in the chain, from 1. */
  readonly sequence?: number;
  /** Of the event before; of the first, 64 zeros. */
  readonly previousHash?: string;
  /** When the event before expires, which is when every earlier one has expired. Left out if there was none. */
  readonly previousExpiresAt?: Date;
  /** Over everything above: see `auditHash`. */
  readonly hash?: string;
}

/** An event of the chain. */
export type ChainedAuditEvent = AuditEvent & Required<Pick<AuditEvent, 'sequence' | 'previousHash' | 'hash'>>;

/**
 * Whose data a resource shows, for the audit log: the patients whose record it is part of. `anyPatient` stands in where it is about a
 * patient whom it does not name by an id, and for more than are listed.
 */
export function patientsShown(resource: Resource): readonly string[] {
  const ids = patientsOf(resource);
  if (ids.length >= maxListedPatients) return [anyPatient];
  if (ids.length > 0) return ids;
  return resource.subject === undefined && resource.patient === undefined ? [] : [anyPatient];
}
