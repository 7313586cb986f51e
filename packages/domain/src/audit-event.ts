export const auditOutcomes = ['success', 'refused', 'failed'] as const;
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

/** Who did what, when, and how it ended. Ids only: no patient data, no query string. */
export interface AuditEvent {
  readonly id: string;
  readonly at: Date;
  readonly actor: AuditActor;
  /** Such as `export.create`. */
  readonly action: string;
  /** Ids of what it was done to, by the names that the address has for them. */
  readonly target: Readonly<Record<string, string>>;
  readonly outcome: AuditOutcome;
  /** Why it did not succeed: see docs/errors.md. */
  readonly code?: string;
  /** As in the log and in `X-Request-Id`. */
  readonly requestId?: string;
  readonly address?: string;
  /** How many there were, where many are one event. */
  readonly count?: number;
}

export type NewAuditEvent = Omit<AuditEvent, 'id' | 'at'>;
